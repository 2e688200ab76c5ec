"""monthly-scans with the real pip-audit and detect-secrets; what it found is held against what the sandbox planted."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.action.in_worker import call_main
from scans.scanning import artifacts, repository, scan
from scans.scanning import keys as found_keys
from support.sandbox import PROGRAMS, Sandbox

pytestmark = pytest.mark.xdist_group("scans")

FAST = ("-e", "budget_min=10")


@pytest.fixture(scope="module")
def done(sandbox: Sandbox) -> dict[str, Any]:
    """Run the procedure once for the tests that only look at what came of it."""
    return sandbox.run("monthly-scans", *FAST)


def test_a_run_finds_what_was_planted_and_keeps_no_secret(sandbox: Sandbox, done: dict[str, Any]) -> None:
    found = report(sandbox, done)["findings"]
    by_key = {one["key"]: one for one in found}
    assert done["exit_code"] == 1
    assert by_key["CVE-2018-18074"]["severity"] == "high"
    assert "2.20.0" in by_key["CVE-2018-18074"]["do"]
    assert by_key["secret-aws-access-key"]["where"].startswith("settings.py:1 of blob ")
    assert "CronJob/hasivu-rfid-sync" in {one["where"] for one in found if one["key"] == "image-by-mutable-tag"}
    assert [one["package"] for one in python_hits(sandbox, done)] == ["requests"]
    assert not leaks(sandbox, planted_key(sandbox))


def test_what_runs_is_told_by_digest_and_its_bill_is_sealed(sandbox: Sandbox, done: dict[str, Any]) -> None:
    text = json.dumps(report(sandbox, done)["sections"])
    assert "hasivu/web@sha256:3f1c8e5d0a9b74c26e81f5d3b7a90c4e6d2f18b5a7c3e90d4f6b82a1c5e7d903" in text
    assert "hasivu-platform-api-orders" in text
    files = sandbox.manifest(done["run"])["files"]
    bills = [name for name in files if name.startswith("scans/bill-")]
    assert "scans/scans.json" in files
    parts = json.loads((sandbox.home / "runs" / done["run"] / bills[0]).read_text())["components"]
    assert ("requests", "2.19.1") in {(part["name"], part["version"]) for part in parts}
    assert sandbox.play("runs", "verify", done["run"]).returncode == 0


def test_a_rehearsal_changes_nothing_at_the_wire_and_uses_what_the_last_run_scanned(
    sandbox: Sandbox, done: dict[str, Any]
) -> None:
    before = changes(sandbox)
    result = sandbox.run("monthly-scans", "--check", *FAST)
    assert result["exit_code"] == 1
    assert changes(sandbox) == before
    assert "CVE-2018-18074" in keys(sandbox, result)
    outcomes = {scan["scanner"]: scan["outcome"] for scan in scans(sandbox, result)}
    assert outcomes["pip-audit"] == "reused"


def test_a_scanner_that_is_missing_fails_the_run(sandbox: Sandbox, done: dict[str, Any]) -> None:
    missing = {one["where"] for one in report(sandbox, done)["findings"] if one["key"] == "scanner-missing"}
    assert missing == {name for name in ("trivy", "gitleaks", "npm") if shutil.which(name) is None}
    rows = {scan["scanner"]: scan["outcome"] for scan in scans(sandbox, done)}
    assert all(rows[name] != "done" for name in ("trivy-image", "trivy-config") if "trivy" in missing)


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed on this machine")
def test_the_real_npm_audit_finds_the_vulnerable_package(sandbox: Sandbox, done: dict[str, Any]) -> None:
    assert "minimist@1.2.5" in {
        one["where"].partition(" ")[0]
        for one in report(sandbox, done)["findings"]
        if one["key"] == "GHSA-xvch-5gv4-984h"
    }


def test_a_database_that_is_down_or_old_is_a_finding(sandbox: Sandbox, tmp_path: Path) -> None:
    url = sandbox.endpoints()["companions"]["advisories_url"]
    path, commit = repository(tmp_path / "repository", {"requirements.txt": "requests==2.32.5\n"})
    options = {
        "scanners": ["pip-audit"],
        "tools": {"pip-audit": {"program": str(PROGRAMS / "pip-audit"), "version": version("pip-audit")}},
        "mirrors": {"osv": f"{url}/v1/query", "osv_index": f"{url}/PyPI/modified_id.csv"},
        "lock_files": {"pip-audit": ["requirements.txt"]},
        "repositories": [path],
        "artifacts": artifacts(images=False, commits=[commit]),
    }
    assert found_keys(scan(tmp_path / "fresh", **options)) == set()
    with fault(sandbox, advisories_days_old=40):
        assert found_keys(scan(tmp_path / "old", **options)) == {"database-stale"}
    with fault(sandbox, advisories_down=True):
        assert found_keys(scan(tmp_path / "down", **options)) == {"scan-failed"}


def test_a_cluster_and_an_account_that_do_not_answer_leave_what_runs_unknown(tmp_path: Path) -> None:
    options = {
        "kubeconfig": str(tmp_path / "nowhere"),
        "namespace": "hasivu",
        "region": "ap-south-1",
        "live_alias": "live",
        "commit_annotation": "hasivu.edu.in/commit",
    }
    options["endpoint_url"] = "http://127.0.0.1:9"
    result = json.loads(call_main("hasivu.ops.running_artifacts_info", {**options, "_ansible_remote_tmp": "/tmp"}))
    assert found_keys(result) == {"artifacts-unknown"}
    assert len(result["unknown"]) == 2


def report(sandbox: Sandbox, result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((sandbox.home / "runs" / result["run"] / "report.json").read_text())
    return found


def keys(sandbox: Sandbox, result: dict[str, Any]) -> set[str]:
    return {one["key"] for one in report(sandbox, result)["findings"]}


def scans(sandbox: Sandbox, result: dict[str, Any]) -> list[dict[str, Any]]:
    file = sandbox.home / "runs" / result["run"] / "scans" / "scans.json"
    found: list[dict[str, Any]] = json.loads(file.read_text())["scans"]
    return found


def python_hits(sandbox: Sandbox, result: dict[str, Any]) -> list[dict[str, Any]]:
    return [hit for scan in scans(sandbox, result) if scan["scanner"] == "pip-audit" for hit in scan["hits"]]


def planted_key(sandbox: Sandbox) -> str:
    tree = sandbox.home / "sandbox" / "repository" / "platform.git"
    command = ["git", "-c", f"safe.directory={tree}", "-C", str(tree), "log", "-p", "--", "settings.py"]
    history = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (key,) = set(re.findall(r"AKIA[A-Z2-7]{16}", history))
    return str(key)


def leaks(sandbox: Sandbox, secret: str) -> list[Path]:
    files = [path for folder in ("runs", "private") for path in (sandbox.home / folder).rglob("*") if path.is_file()]
    return [path for path in files if secret.encode() in path.read_bytes()]


def changes(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [one for part in ("aws", "kubernetes") for one in sandbox.requests(part) if one["changing"]]


@contextmanager
def fault(sandbox: Sandbox, **faults: Any) -> Iterator[None]:
    file = sandbox.home / "sandbox" / "companions" / "faults.json"
    before = file.read_text() if file.exists() else "{}"
    file.write_text(json.dumps({**json.loads(before), **faults}))
    try:
        yield
    finally:
        file.write_text(before)
