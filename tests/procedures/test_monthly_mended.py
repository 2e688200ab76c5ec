"""monthly-security finds nothing once everything planted is mended, and then each new fault alone.

Every scanner is the real one; Trivy gets its images and its database from a registry of this test.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
from support.access import approve, findings, mend_everything, report
from support.mending import (
    change,
    deploy,
    renew_certificates,
    renew_runtimes,
    rewrite_history,
    run_images,
    write_zone,
)
from support.own_project import OwnProject
from support.registry import Registry, advisories, now, running
from support.rotation import PAIR, assert_at_rest, login
from support.sandbox import PROGRAMS, start_and_stop
from support.scanners import GITLEAKS, TRIVY, on_this_machine
from support.thorough import thorough

pytestmark = [
    thorough,
    on_this_machine,
    pytest.mark.xdist_group("monthly-mended"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed on this machine"),
]

DOMAIN = "sandbox.hasivu.edu.in"
ENDPOINTS = ("app", "api", "admin", "partners", "legacy", "kiosk", "www", "reports")
REVIEWS = ("Access", "Scans", "Certificates", "Runtimes")
REGISTRY = "204867531290.dkr.ecr.ap-south-1.amazonaws.com"
PLANTED_ANEW = {
    ("Access", "public-grant", "public.guardians"),
    ("Scans", "CVE-2018-18074", "requests@2.19.1"),
    ("Scans", "CVE-2099-0001", "openssl@3.3.1-r0"),
    ("Certificates", "validation-record-missing", f"www.{DOMAIN}"),
    ("Runtimes", "runtime-out-of-support", "hasivu-platform-menu-images"),
}


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    """Serve images, and what is known of the packages of Alpine."""
    with running() as serving:
        serving.push_database(advisories(openssl=("CVE-2099-0001", "HIGH", "3.3.2-r0")), now())
        yield serving


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[OwnProject]:
    """Start a sandbox, mend all that it plants, and write into its inventory what an operator would."""
    folder = tmp_path_factory.mktemp("mended")
    for own in start_and_stop(OwnProject.make(folder)):
        mend_everything(own)
        rotated = own.run("rotate-access-keys")
        assert rotated["exit_code"] == 0, rotated
        approve(own, "hasivu-operator", "rohit.kulkarni", "vendor-reporting")
        renew_certificates(own)
        renew_runtimes(own)
        run_images(own, registry, openssl="3.3.2-r0")
        rewrite_history(own)
        own.declare(
            scan_tools=scanners(registry),
            scan_registry_mirror={REGISTRY: registry.address},
            certificates_endpoints=endpoints(own),
        )
        yield own


def scanners(registry: Registry) -> dict[str, dict[str, Any]]:
    """Return every scanner with its pin."""
    npm = subprocess.run(["npm", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    database = {"TRIVY_DB_REPOSITORY": f"{registry.address}/trivy-db:2", "TRIVY_SKIP_CHECK_UPDATE": "true"}
    return {
        "trivy": {"program": str(TRIVY.path), "version": TRIVY.version, "environment": database},
        "gitleaks": {"program": str(GITLEAKS.path), "version": GITLEAKS.version},
        **{
            name: {"program": str(PROGRAMS / name), "version": version(name)}
            for name in ("pip-audit", "detect-secrets")
        },
        "npm": {"version": npm},
    }


def endpoints(sandbox: OwnProject) -> list[dict[str, Any]]:
    """Return every name that a certificate is in use for, at the front door."""
    door = sandbox.endpoints()["edge"]
    return [{"host": f"{name}.{DOMAIN}", "address": door["host"], "port": door["port"]} for name in ENDPOINTS]


@pytest.fixture(scope="module")
def done(mended: OwnProject) -> dict[str, Any]:
    """Run the procedure with its rotation in the mended world."""
    return mended.run("monthly-security", timeout=900)


def test_a_mended_world_has_no_finding_and_its_login_is_rotated(mended: OwnProject, done: dict[str, Any]) -> None:
    assert findings(mended, done["run"]) == []
    assert done["exit_code"] == 0, done
    assert login(mended)["username"] == PAIR[1]
    assert_at_rest(mended, PAIR[1])
    assert mended.play("runs", "verify", done["run"]).returncode == 0


def test_every_review_has_looked_at_everything(mended: OwnProject, done: dict[str, Any]) -> None:
    parts = report(mended, done["run"])["data"]["parts"]
    assert {name: parts[name]["unknown"] for name in REVIEWS} == {name: [] for name in REVIEWS}
    facts = {name: {one["name"]: one["value"] for one in parts[name]["facts"]} for name in REVIEWS}
    ended, _, wanted = facts["Scans"]["Scans that ended"].partition(" of ")
    assert ended == wanted
    assert int(wanted) >= len(set(scanned(mended, done))) == 7
    assert facts["Certificates"]["Endpoints"] == len(ENDPOINTS)
    assert facts["Runtimes"]["Runtimes and engines in use"] > 10
    assert facts["Access"]["Changes of permissions explained"] > 0


def scanned(sandbox: OwnProject, result: dict[str, Any]) -> list[str]:
    """Return the scanner of each scan."""
    kept = json.loads((sandbox.home / "runs" / result["run"] / "scans" / "scans.json").read_text())
    return [one["scanner"] for one in kept["scans"]]


def test_one_fault_of_each_review_that_is_planted_anew_is_found_and_nothing_else(
    mended: OwnProject, registry: Registry, done: dict[str, Any]
) -> None:
    with mended.database() as connection:
        connection.execute("GRANT SELECT ON guardians TO PUBLIC")
    deploy(mended, "certifi==2026.10.19\nclick==8.2.1\nrequests==2.19.1\n")
    run_images(mended, registry, openssl="3.3.1-r0")
    write_zone(mended, "reports")
    change(mended, "hasivu-platform-menu-images", Runtime="python3.9")
    result = mended.run("monthly-security", "-e", "rotate=false", timeout=900)
    assert result["exit_code"] == 1, result
    found = findings(mended, result["run"])
    assert {(one["part"], one["key"], one["where"].partition(" ")[0]) for one in found} == PLANTED_ANEW
    assert len(found) == len(PLANTED_ANEW)
