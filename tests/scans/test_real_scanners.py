"""Trivy and gitleaks themselves: what they print of a world that a test made is understood, and nothing else passes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from scans.scanning import artifacts, everything, git, kept, keys, planted_key, repository, scan
from support.registry import Registry, advisories, alpine, now, running
from support.scanners import GITLEAKS, TRIVY, on_this_machine

pytestmark = [on_this_machine, pytest.mark.xdist_group("real-scanners")]

REGISTRY, NAME = "registry.example", "hasivu/web"
KNOWN = advisories(openssl=("CVE-2099-0001", "HIGH", "3.3.2-r0"))
PRIVILEGED = """apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - {name: web, image: "registry.example/web:1.2.3", securityContext: {privileged: true}}
"""


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with running() as serving:
        serving.push_database(KNOWN, now())
        yield serving


def image_scan(folder: Path, registry: Registry, digest: str, **environment: str) -> dict[str, Any]:
    """Scan an image that runs, from the mirror of its registry."""
    run = {"images": [{"image": f"{REGISTRY}/{NAME}@{digest}", "digest": digest, "workloads": ["web"], "pods": 1}]}
    database = {"TRIVY_DB_REPOSITORY": f"{registry.address}/trivy-db:2", "TRIVY_SKIP_CHECK_UPDATE": "true"}
    tool = {"program": str(TRIVY.path), "version": TRIVY.version, "environment": database | environment}
    options = {"scanners": ["trivy-image"], "tools": {"trivy": tool}, "registry_mirror": {REGISTRY: registry.address}}
    return scan(folder / "record", artifacts=artifacts(False) | run, **options)


def test_trivy_finds_the_package_and_the_secret_of_an_image_that_runs(tmp_path: Path, registry: Registry) -> None:
    key = planted_key()
    digest = registry.push(NAME, {**alpine(openssl="3.3.1-r0", musl="1.2.5-r1"), "app/settings.py": f'k = "{key}"\n'})
    result = image_scan(tmp_path, registry, digest)
    found = {one["key"]: one for one in result["findings"]}
    assert set(found) == {"CVE-2099-0001", "secret-aws-access-key-id"}
    assert found["CVE-2099-0001"]["severity"] == "high"
    assert found["CVE-2099-0001"]["where"].startswith(f"openssl@3.3.1-r0 in {digest}/")
    assert "Update to 3.3.2-r0" in found["CVE-2099-0001"]["do"]
    assert found["secret-aws-access-key-id"]["where"] == f"/app/settings.py:1 in {digest}"
    (scanned,) = kept(tmp_path / "record")
    assert scanned["looked_at"] == 2
    assert scanned["database"]["updated"].startswith(f"{now():%Y-%m}")
    bill = json.loads((tmp_path / "record" / scanned["bill"]).read_text())
    assert {one["name"] for one in bill["components"]} == {"alpine", "openssl", "musl"}
    assert key not in everything(tmp_path / "record") + json.dumps(result)


def test_trivy_finds_nothing_in_images_whose_packages_are_mended(tmp_path: Path, registry: Registry) -> None:
    python = {"srv/click-8.2.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: click\nVersion: 8.2.1\n"}
    for number, files in enumerate((alpine(openssl="3.3.2-r0"), python)):
        folder = tmp_path / str(number)
        folder.mkdir()
        result = image_scan(folder, registry, registry.push(NAME, files))
        assert (result["findings"], result["unknown"]) == ([], [])
        assert [one["outcome"] for one in kept(folder / "record")] == ["done"]


def test_a_distribution_without_advisories_only_looks_clean(tmp_path: Path, registry: Registry) -> None:
    old = {name: text.replace("3.24.0", "3.10.2") for name, text in alpine(openssl="1.1.1c-r0").items()}
    result = image_scan(tmp_path, registry, registry.push(NAME, old))
    (found,) = result["findings"]
    assert (found["key"], found["severity"]) == ("distribution-out-of-support", "high")
    assert found["where"].startswith("alpine 3.10.2 in sha256:")


def test_an_image_without_packages_is_unknown(tmp_path: Path, registry: Registry) -> None:
    result = image_scan(tmp_path, registry, registry.push(NAME, {"app/program": "binary\n"}))
    assert keys(result) == {"scan-failed"}
    assert len(result["unknown"]) == 1


def test_an_image_that_the_registry_does_not_have_is_unknown(tmp_path: Path, registry: Registry) -> None:
    assert keys(image_scan(tmp_path, registry, "sha256:" + "0" * 64)) == {"scan-failed"}


def test_without_a_database_nothing_is_known_and_an_old_one_is_a_finding(tmp_path: Path, registry: Registry) -> None:
    digest = registry.push(NAME, alpine(openssl="3.3.1-r0"))
    nowhere = image_scan(tmp_path, registry, digest, TRIVY_DB_REPOSITORY=f"{registry.address}/nowhere:2")
    assert keys(nowhere) == {"scan-failed"}
    with running() as stale:
        stale.push_database(KNOWN, now() - timedelta(days=40))
        stale.push(NAME, alpine(openssl="3.3.1-r0"))
        assert keys(image_scan(tmp_path, stale, digest)) == {"CVE-2099-0001", "database-stale"}


def manifests(folder: Path, files: dict[str, str]) -> dict[str, Any]:
    """Look for settings that break a rule in the files of a commit."""
    path, commit = repository(folder / "repository", files)
    tool = {"program": str(TRIVY.path), "version": TRIVY.version, "environment": {"TRIVY_SKIP_CHECK_UPDATE": "true"}}
    options = {"scanners": ["trivy-config"], "tools": {"trivy": tool}, "repositories": [path]}
    return scan(folder / "record", artifacts=artifacts(False, [commit]), **options)


def test_trivy_finds_a_privileged_container_in_the_manifests_of_a_commit(tmp_path: Path) -> None:
    result = manifests(tmp_path, {"web.yml": PRIVILEGED})
    found = {one["key"]: one for one in result["findings"]}
    assert found["KSV017"]["severity"] == "high"
    assert found["KSV017"]["where"].startswith("web.yml:")
    assert result["unknown"] == []


def test_a_commit_without_manifests_is_unknown(tmp_path: Path) -> None:
    assert keys(manifests(tmp_path, {"README": "read me\n"})) == {"scan-failed"}


def secrets(folder: Path, path: str) -> dict[str, Any]:
    """Look for secrets in the history of a repository."""
    tools = {"gitleaks": {"program": str(GITLEAKS.path), "version": GITLEAKS.version}}
    return scan(
        folder / "record", scanners=["gitleaks"], tools=tools, repositories=[path], artifacts=artifacts(images=False)
    )


def test_gitleaks_finds_a_key_that_only_the_history_has_and_quotes_nothing(tmp_path: Path) -> None:
    key = planted_key()
    path, _ = repository(tmp_path / "repository", {"old.py": f'key = "{key}"\n'}, {"old.py": "\n"})
    first = git(Path(path), "rev-parse", "HEAD~1").strip()
    result = secrets(tmp_path, path)
    (found,) = result["findings"]
    assert found["key"] == "secret-aws-access-token"
    assert found["where"].startswith(f"old.py:1 of commit {first[:12]} in ")
    assert key not in everything(tmp_path / "record") + json.dumps(result)


def test_gitleaks_finds_nothing_in_a_clean_history(tmp_path: Path) -> None:
    path, _ = repository(tmp_path / "repository", {"app.py": "print('lunch')\n"})
    result = secrets(tmp_path, path)
    assert (result["findings"], result["unknown"]) == ([], [])
    assert [one["outcome"] for one in kept(tmp_path / "record")] == ["done"]
