# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Declared backups are held against declared objectives; the manual's own fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.backup_declared import read_backup
from ansible_collections.hasivu.ops.plugins.module_utils.backup_drift import drift
from ansible_collections.hasivu.ops.plugins.module_utils.backup_lint import lint
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SNAPSHOT = {
    "asset": "database",
    "source": "RDS",
    "mechanism": "snapshot",
    "every_minutes": 360,
    "takes_minutes": 20,
    "retention_days": 35,
    "immutability": "vault lock",
    "copy": "ap-south-2",
    "key": "alias/backup",
    "owner": "Operations Team",
}
PITR = {**SNAPSHOT, "mechanism": "pitr", "lag_minutes": 5}
TIER = {"name": "Tier 1", "assets": ["database"], "rpo_s": 3600, "rto_s": 3600}


def keys(backups: list[Any], *tiers: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["severity"], one["key"]) for one in lint(backups, list(tiers or [TIER]))}


def test_the_six_hours_of_the_manual_cannot_meet_one_hour_until_pitr_is_declared() -> None:
    (found,) = lint([SNAPSHOT], [TIER])
    assert (found["key"], found["severity"]) == ("rpo-cannot-be-met", "critical")
    assert found["what"] == "Tier 1 promises to lose at most 1 h of database, and its backups can lose 6 h 20 min."
    assert lint([SNAPSHOT, PITR], [TIER]) == []


def test_a_daily_backup_cannot_meet_one_day_for_it_takes_time_too() -> None:
    tier = {**TIER, "rpo_s": 86400}
    assert keys([{**SNAPSHOT, "every_minutes": 1440, "takes_minutes": 1}], tier) == {("critical", "rpo-cannot-be-met")}
    assert keys([{**SNAPSHOT, "every_minutes": 1439, "takes_minutes": 1}], tier) == set()


def test_pitr_is_five_minutes_behind_whatever_is_declared() -> None:
    eager = {**PITR, "lag_minutes": 1}
    assert keys([eager], {**TIER, "rpo_s": 300}) == set()
    assert keys([eager], {**TIER, "rpo_s": 299}) == {("critical", "rpo-cannot-be-met")}


@pytest.mark.parametrize(
    ("backups", "tiers", "found"),
    [
        ([], [TIER], {("critical", "backup-not-declared")}),
        ([PITR], [], {("high", "objective-not-declared"), ("medium", "asset-without-objective")}),
        ([PITR], [{**TIER, "rpo_s": 0}], {("high", "objective-not-declared"), ("medium", "asset-without-objective")}),
        ([{**PITR, "copy": "none"}], [TIER], {("high", "backup-without-copy")}),
        ([{**PITR, "copy": "none"}, SNAPSHOT], [TIER], set()),
        ([{**PITR, "immutability": "none"}], [TIER], {("medium", "backup-not-immutable")}),
        ([{**PITR, "retention_days": 36}], [TIER], {("high", "retention-impossible")}),
        ([PITR, {**SNAPSHOT, "asset": "menus"}], [TIER], {("medium", "asset-without-objective")}),
        (["a template"], [TIER], {("high", "backup-declared-badly"), ("critical", "backup-not-declared")}),
    ],
)
def test_what_is_declared_badly_is_found(
    backups: list[Any], tiers: list[dict[str, Any]], found: set[tuple[str, str]]
) -> None:
    assert {(one["severity"], one["key"]) for one in lint(backups, tiers)} == found


@pytest.mark.parametrize("name", [*SNAPSHOT])
def test_nothing_may_be_left_out(name: str) -> None:
    missing = {key: value for key, value in SNAPSHOT.items() if key != name}
    assert ("high", "backup-declared-badly") in keys([missing, PITR])


@pytest.mark.parametrize(
    "wrong",
    [{"mechanism": "hope"}, {"every_minutes": "6 h"}, {"takes_minutes": 0}, {"every_minutes": True}, {"owner": " "}],
)
def test_what_makes_no_sense_is_not_judged_as_good(wrong: dict[str, Any]) -> None:
    assert keys([{**SNAPSHOT, **wrong}], {**TIER, "rpo_s": 10**9}) == {("high", "backup-declared-badly")}


@given(st.integers(1, 10**5), st.integers(1, 10**4), st.integers(1, 10**7))
def test_an_objective_is_met_only_by_interval_and_duration_together(every: int, takes: int, rpo: int) -> None:
    found = keys([{**SNAPSHOT, "every_minutes": every, "takes_minutes": takes}], {**TIER, "rpo_s": rpo})
    assert (("critical", "rpo-cannot-be-met") in found) is (60 * (every + takes) > rpo)


def instance(**more: Any) -> dict[str, Any]:
    latest = (NOW - timedelta(minutes=5)).isoformat()
    known = {"DBInstanceIdentifier": "db", "BackupRetentionPeriod": 35, "LatestRestorableTime": latest}
    return {"answer": {**known, "DeletionProtection": True, **more}}


def snapshots(hours: float, status: str = "available") -> dict[str, Any]:
    return {"answer": [{"SnapshotCreateTime": (NOW - timedelta(hours=hours)).isoformat(), "Status": status}]}


@pytest.mark.parametrize(
    ("told", "taken", "found"),
    [
        (instance(), snapshots(6), []),
        (instance(BackupRetentionPeriod=7), snapshots(6), ["backup-drifted"]),
        (instance(DeletionProtection=False), snapshots(6), ["backup-drifted"]),
        (
            instance(LatestRestorableTime=(NOW - timedelta(minutes=16)).isoformat()),
            snapshots(6),
            ["restorable-time-lags"],
        ),
        (instance(LatestRestorableTime=None), snapshots(6), ["backup-unknown"]),
        (instance(), snapshots(8), ["backup-drifted"]),
        (instance(), snapshots(1, "creating"), ["backup-drifted"]),
        (instance(), {"answer": []}, ["backup-drifted"]),
        (instance(), {"failed": True, "msg": "AccessDenied"}, ["backup-unknown"]),
        ({"msg": "AccessDenied"}, snapshots(6), ["backup-unknown"]),
    ],
)
def test_drift_and_the_unknown_are_findings(told: dict[str, Any], taken: dict[str, Any], found: list[str]) -> None:
    own = [read_backup(PITR), read_backup(SNAPSHOT)]
    answers = {"instance": told, "snapshots": taken}
    assert [one["key"] for one in drift(own, 900, answers, NOW)] == found
