"""monthly-runtimes finds what was planted and nothing else, and takes nothing unknown for being in order."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.functions import client
from support.sandbox import Sandbox

pytestmark = pytest.mark.xdist_group("monthly-runtimes")

PLANTED = {
    ("hasivu-platform-legacy-export", "nodejs14.x"),
    ("hasivu-platform-menu-images", "python3.9"),
    ("hasivu-edge-redirect", "nodejs20.x"),
    ("hasivu-platform-label-printer", "python3.8"),
    ("cluster sandbox", "1.33"),
}


def findings(sandbox: Sandbox, run: str) -> list[dict[str, Any]]:
    """Return the findings of a run."""
    report = json.loads((sandbox.home / "runs" / run / "report.json").read_text())
    return [found for found in report["findings"] if found["severity"] != "advice"]


def test_every_planted_runtime_is_found_nothing_else_and_nothing_is_written(sandbox: Sandbox) -> None:
    written = [request for request in sandbox.requests("aws") if request["changing"]]
    result = sandbox.run("monthly-runtimes")
    assert result["exit_code"] == 1, result
    found = findings(sandbox, result["run"])
    named = {(one["where"], version) for one in found for _, version in PLANTED if version in one["what"]}
    assert named >= PLANTED
    assert {one["where"] for one in found} == {where for where, _ in PLANTED}
    assert len(found) == len(PLANTED)
    by_place = {one["where"]: one for one in found}
    assert "version 1 (live)" in by_place["hasivu-platform-menu-images"]["what"]
    assert "$LATEST" not in by_place["hasivu-platform-menu-images"]["what"]
    assert "nodejs24.x" in by_place["hasivu-platform-legacy-export"]["do"]
    assert by_place["hasivu-platform-label-printer"]["key"] == "layer-not-for-runtime"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", one["deadline"]) for one in found)
    assert [request for request in sandbox.requests("aws") if request["changing"]] == written
    assert "hasivu-report-renderer@sha256:" in (sandbox.home / "runs" / result["run"] / "report.html").read_text()


def test_what_is_unknown_stale_or_out_of_reach_is_a_finding(sandbox: Sandbox) -> None:
    lambdas = client(sandbox, "lambda")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("main", "")
    code = {"ZipFile": packed.getvalue()}
    role = "arn:aws:iam::204867531290:role/hasivu-lambda"
    lambdas.create_function(FunctionName="hasivu-trial", Role=role, Runtime="go1.x", Handler="main", Code=code)
    path = sandbox.home / "sandbox" / "lifecycles.yml"
    fresh = path.read_text()
    day = datetime.now(ZoneInfo("Asia/Kolkata")).date() - timedelta(days=60)
    path.write_text(re.sub(r"^as_of: .*$", f'as_of: "{day}"', fresh, flags=re.MULTILINE))
    assert sandbox.play("sandbox", "fault", "kubernetes-down").returncode == 0
    try:
        result = sandbox.run("monthly-runtimes")
    finally:
        path.write_text(fresh)
        lambdas.delete_function(FunctionName="hasivu-trial")
        assert sandbox.play("sandbox", "fault", "kubernetes-down", "--clear").returncode == 0
    assert result["exit_code"] == 1, result
    found = {one["key"]: one for one in findings(sandbox, result["run"])}
    assert "60 days old" in found["lifecycle-table-stale"]["what"]
    assert found["lifecycle-table-stale"]["severity"] == "critical"
    assert (found["runtime-unknown"]["where"], found["runtime-unknown"]["severity"]) == ("hasivu-trial", "high")
    assert "version of the cluster could not be read" in found["runtime-not-read"]["what"]


def test_a_table_with_a_fault_is_bad_input(sandbox: Sandbox) -> None:
    path = sandbox.home / "sandbox" / "lifecycles.yml"
    whole = path.read_text()
    path.write_text(whole.replace("{deprecated: ", "{deprecatd: ", 1))
    try:
        result = sandbox.run("monthly-runtimes")
    finally:
        path.write_text(whole)
    assert result["exit_code"] == 2, result
    assert "unknown field 'deprecatd'" in result["message"]
