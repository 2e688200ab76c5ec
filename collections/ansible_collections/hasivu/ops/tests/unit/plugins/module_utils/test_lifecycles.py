# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of lifecycles, and what it says of a runtime in use."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.hasivu.ops.plugins.module_utils import lifecycle_table, lifecycle_verdict
from ansible_collections.hasivu.ops.plugins.module_utils.lifecycle_verdict import Use

SHIPPED = Path(__file__).parents[8] / "roles" / "runtime_review" / "files" / "lifecycles.yml"
TODAY = date(2026, 11, 29)
ROW = {"deprecated": "2027-01-10", "create_blocked": "2027-02-01", "update_blocked": "2027-05-01", "successor": "b"}


def table(**more: Any) -> dict[str, Any]:
    """Return a small table without a fault."""
    parts = {kind: {"z": {}} for kind in lifecycle_table.KINDS}
    return {"as_of": "2026-11-01", **parts, "lambda": {"a": ROW, "b": {}}, **more}


def test_the_shipped_table_has_no_fault() -> None:
    shipped = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    assert lifecycle_table.problems(shipped, TODAY) == []
    assert len(shipped["lambda"]) == 27
    assert shipped["lambda"]["nodejs14.x"]["update_blocked"] == "2027-03-03"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"as_of": "2026-11-31"}, "is no day up to today"),
        ({"as_of": "2026-11-30"}, "is no day up to today"),
        ({"as_of": None}, "'as_of' is missing"),
        ({"lamda": {}}, "no part 'lamda'"),
        ({"kubernetes": {}}, "'kubernetes' is missing"),
        ({"lambda": {"a": {"deprecatd": "2027-01-01"}}}, "unknown field 'deprecatd'"),
        ({"lambda": {"a": {"deprecated": "soon"}}}, "'soon', which is no day"),
        ({"lambda": {"a": {**ROW, "update_blocked": "2026-01-01"}, "b": {}}}, "blocked before it is deprecated"),
        ({"lambda": {"a": {"successor": "c"}}}, "names c as its successor"),
    ],
)
def test_a_fault_in_the_table_is_named(broken: dict[str, Any], reason: str) -> None:
    assert any(reason in problem for problem in lifecycle_table.problems(table(**broken), TODAY))


@pytest.mark.parametrize(
    ("row", "severity", "key"),
    [
        ({"deprecated": "2027-12-01"}, None, None),
        ({}, None, None),
        ({"deprecated": "2027-05-29"}, None, None),
        ({"deprecated": "2027-05-28"}, "medium", "runtime-leaves-support"),
        ({"deprecated": "2027-01-28"}, "medium", "runtime-leaves-support"),
        ({"deprecated": "2027-01-27"}, "high", "runtime-leaves-support"),
        ({"deprecated": "2026-11-29"}, "high", "runtime-out-of-support"),
        ({"deprecated": "2023-12-04", "update_blocked": "2027-03-03"}, "high", "runtime-out-of-support"),
        ({"deprecated": "2023-12-04", "update_blocked": "2027-02-27"}, "critical", "runtime-update-blocked"),
        ({"deprecated": "2023-12-04", "update_blocked": "2026-01-01"}, "critical", "runtime-update-blocked"),
    ],
)
def test_a_runtime_matters_more_the_nearer_its_end(row: dict[str, str], severity: str | None, key: str | None) -> None:
    judged = lifecycle_verdict.judge(Use("lambda", "a", "f"), table(**{"lambda": {"a": row}}), TODAY)
    assert (judged and judged.severity, judged and judged.key) == (severity, key)


def test_a_runtime_that_the_table_does_not_know_is_a_finding() -> None:
    judged = lifecycle_verdict.judge(Use("lambda", "go1.x", "f"), table(), TODAY)
    assert judged
    assert (judged.severity, judged.key) == ("high", "runtime-unknown")


def test_the_finding_names_the_successor_the_way_and_a_day_before_the_end() -> None:
    use = Use("lambda", "a", "hasivu-platform-api-menus", "version 1 (live)")
    judged = lifecycle_verdict.judge(use, table(), TODAY)
    assert judged
    found = lifecycle_verdict.finding_of(use, judged, table(), TODAY, "hasivu-platform-api-")
    assert found["where"] == "hasivu-platform-api-menus"
    assert "version 1 (live) uses runtime a" in found["what"]
    assert "lambda-change -e function=hasivu-platform-api-menus -e runtime=b" in found["do"]
    assert found["deadline"] == "2026-12-29"  # 30 days, before the end of support
    elsewhere = lifecycle_verdict.finding_of(
        Use("lambda", "a", "other"), judged, table(), TODAY, "hasivu-platform-api-"
    )
    assert "where it is deployed from" in elsewhere["do"]


def test_a_table_of_46_days_is_stale() -> None:
    assert lifecycle_verdict.stale(table(as_of="2026-10-15"), TODAY) == []
    (found,) = lifecycle_verdict.stale(table(as_of="2026-10-14"), TODAY)
    assert found["severity"] == "critical"
    assert "46 days old" in found["what"]
