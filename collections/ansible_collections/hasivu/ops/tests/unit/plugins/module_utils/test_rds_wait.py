# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waiting for an instance: what is noted, what ends the wait, and what is no answer."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.rds_wait import (
    MOST_UNANSWERED,
    HopelessError,
    StalledError,
    Wanted,
    Watch,
    wait,
)
from botocore.exceptions import ClientError, EndpointConnectionError

GONE = ClientError({"Error": {"Code": "DBInstanceNotFound", "Message": "no"}}, "DescribeDBInstances")
AWAY = EndpointConnectionError(endpoint_url="https://rds")


class Rds:
    """An RDS that shows one answer after another, and the last one for ever."""

    def __init__(self, *answers: Any) -> None:
        """Keep the answers."""
        self.answers = list(answers)

    def describe_db_instances(self, DBInstanceIdentifier: str) -> dict[str, Any]:  # noqa: N803
        """Show the next answer."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, more = answer if isinstance(answer, tuple) else (answer, {})
        return {"DBInstances": [{"DBInstanceIdentifier": DBInstanceIdentifier, "DBInstanceStatus": status, **more}]}


def waited(rds: Rds, wanted: Wanted, seconds: float = 5) -> tuple[bool, list[str]]:
    """Wait, and return whether it came about and which states were seen."""
    watch = Watch("new")
    reached = wait(rds, watch, wanted, seconds, 0, lambda change: None)
    return reached, [one["status"] for one in watch.transitions]


def test_each_change_is_noted_once_with_its_time() -> None:
    watch = Watch("new")
    wait(Rds("creating", "creating", "backing-up", "available"), watch, Wanted(), 5, 0, lambda change: None)
    assert [one["status"] for one in watch.transitions] == ["creating", "backing-up", "available"]
    assert all(one["at"].endswith("Z") for one in watch.transitions)
    assert watch.result()["status"] == "available"


@pytest.mark.parametrize("state", ["incompatible-restore", "incompatible-parameters", "storage-full", "failed"])
def test_a_hopeless_state_ends_the_wait_and_says_what_to_do(state: str) -> None:
    with pytest.raises(HopelessError, match=f"new is {state}, which no waiting mends"):
        waited(Rds("creating", state), Wanted())


def test_the_deadline_ends_the_wait() -> None:
    assert waited(Rds("creating"), Wanted(), seconds=0) == (False, ["creating"])


def test_an_instance_that_is_gone_is_absent_and_an_answer_that_does_not_come_is_not() -> None:
    assert waited(Rds("deleting-soon", GONE), Wanted(["absent"])) == (True, ["deleting-soon", "absent"])
    assert waited(Rds(AWAY, AWAY, "available"), Wanted()) == (True, ["available"])


def test_rds_that_stays_away_ends_the_wait() -> None:
    with pytest.raises(HopelessError, match=f"not answered {MOST_UNANSWERED + 1} times"):
        waited(Rds(AWAY), Wanted())


def test_the_latest_restorable_time_is_waited_for() -> None:
    answers = [("available", {"LatestRestorableTime": f"2026-11-26T10:0{minute}:00Z"}) for minute in (1, 2, 3)]
    watch = Watch("new")
    assert wait(Rds("available", *answers), watch, Wanted(restorable_at="2026-11-26T10:02:30Z"), 5, 0, lambda c: None)
    assert watch.instance["LatestRestorableTime"] == "2026-11-26T10:03:00Z"
    assert waited(Rds("available"), Wanted(restorable=True), seconds=0) == (False, ["available"])


def test_a_log_that_stands_still_ends_the_wait_before_the_deadline_and_one_that_moves_does_not() -> None:
    wanted = Wanted(restorable_at="2026-11-26T06:00:00Z", stalled_seconds=0.2)
    still = ("available", {"LatestRestorableTime": "2026-11-26T05:00:00Z"})
    with pytest.raises(StalledError, match=r"has stood at 2026-11-26T05:00:00Z for \d+ seconds, and .* is wanted"):
        waited(Rds(still), wanted)
    reached = ("available", {"LatestRestorableTime": "2026-11-26T06:00:01Z"})
    assert waited(Rds(still, reached), wanted)[0]
