# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A failover is brought about once: whatever is lost, repeated, or done by RDS itself meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.rds_failover import Failover, FailoverError
from botocore.exceptions import ClientError

OPTIONS = {
    "instance_id": "db",
    "zone": "ap-south-1a",
    "since": "2026-11-26T06:00:00.500000Z",
    "deadline_seconds": 5,
    "poll_seconds": 0,
}


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "RebootDBInstance")


class Rds:
    """An RDS with one instance, whose standby needs two looks to take over."""

    def __init__(self, zone: str = "ap-south-1a", multi_az: bool = True, answers: tuple[Any, ...] = ()) -> None:
        """Answer calls of RebootDBInstance with `answers`, each an error or nothing, and whether it was done."""
        self.zone = zone
        self.multi_az = multi_az
        self.answers = list(answers)
        self.events: list[dict[str, Any]] = []
        self.calls = 0
        self.busy = 0

    def describe_db_instances(self, DBInstanceIdentifier: str) -> dict[str, Any]:  # noqa: N803
        """Show the instance; it becomes available in the other zone after a while."""
        status = "rebooting" if self.busy else "available"
        if self.busy == 1:
            self.zone = "ap-south-1b"
        self.busy = max(0, self.busy - 1)
        shown = {"DBInstanceStatus": status, "AvailabilityZone": self.zone, "MultiAZ": self.multi_az}
        return {"DBInstances": [{"DBInstanceIdentifier": DBInstanceIdentifier, **shown}]}

    def reboot_db_instance(self, DBInstanceIdentifier: str, ForceFailover: bool) -> None:  # noqa: N803
        """Take the call, or not."""
        assert ForceFailover
        self.calls += 1
        error, done = self.answers.pop(0) if self.answers else (None, True)
        if done:
            self.busy = 3
        if error:
            raise error

    def get_paginator(self, _operation: str) -> Any:
        """Return the pages of events."""
        events = self.events

        class Pages:
            def paginate(self, **_asked: Any) -> list[dict[str, Any]]:
                return [{"Events": events}]

        return Pages()


def failover(rds: Rds) -> Failover:
    found = Failover(rds, rds, OPTIONS, lambda change: None)
    found.look()
    return found


def test_the_standby_takes_over_and_serves_from_the_other_zone() -> None:
    rds = Rds()
    brought = failover(rds)
    brought.bring_about()
    assert (rds.calls, rds.zone, brought.sent) == (1, "ap-south-1b", True)
    assert [one["status"] for one in brought.watch.transitions] == ["available", "rebooting", "available"]


def test_what_has_happened_is_not_brought_about_again() -> None:
    moved = Rds(zone="ap-south-1b")
    failover(moved).bring_about()
    back = Rds()
    back.events = [{"Message": "Multi-AZ instance failover completed", "Date": "2026-11-26T06:00:01Z"}]
    failover(back).bring_about()
    assert (moved.calls, back.calls) == (0, 0)


def test_an_older_failover_is_not_taken_for_this_one() -> None:
    rds = Rds()
    rds.events = [{"Message": "Multi-AZ instance failover completed", "Date": "2026-11-26T05:59:59Z"}]
    failover(rds).bring_about()
    assert rds.calls == 1


def test_a_lost_answer_is_not_asked_for_again_and_a_throttled_call_is() -> None:
    lost = Rds(answers=((refusal("InternalFailure"), True),))
    failover(lost).bring_about()
    throttled = Rds(answers=((refusal("Throttling"), False),))
    failover(throttled).bring_about()
    assert (lost.calls, throttled.calls) == (1, 2)


def test_a_refusal_is_told() -> None:
    rds = Rds(answers=((refusal("AccessDenied"), False),))
    with pytest.raises(ClientError, match="AccessDenied"):
        failover(rds).bring_about()
    with pytest.raises(FailoverError, match="has no standby"):
        failover(Rds(multi_az=False))
