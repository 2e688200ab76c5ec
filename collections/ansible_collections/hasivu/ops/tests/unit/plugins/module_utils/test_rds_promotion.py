# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A replica is promoted once, known again by its tag, and chosen only where its lag is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.rds_facts import Facts
from ansible_collections.hasivu.ops.plugins.module_utils.rds_promotion import SOURCE, Promotion, PromotionError
from ansible_collections.hasivu.ops.plugins.module_utils.rds_replicas import follows, newest, replicas_of
from botocore.exceptions import ClientError

NOW = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)
TAG = {"Key": "hasivu-run", "Value": "run-1"}
OPTIONS = {
    "instance_id": "replica",
    "source_instance": "db",
    "run_id": "run-1",
    "tags": {},
    "backups": {"BackupRetentionPeriod": 14, "PreferredBackupWindow": None},
    "deadline_seconds": 5,
    "poll_seconds": 0,
}


class Rds:
    """An RDS with one instance, which takes two looks to be promoted."""

    def __init__(self, **shown: Any) -> None:
        """Show a replica of `db`, but for what is named otherwise."""
        plain = {"DBInstanceIdentifier": "replica", "DBInstanceArn": "arn", "DBInstanceStatus": "available"}
        self.shown = {**plain, SOURCE: "db", "TagList": [], **shown}
        self.calls: list[str] = []
        self.left = 0

    def describe_db_instances(self, **_asked: Any) -> dict[str, Any]:
        """Show the instance."""
        if self.left:
            self.left -= 1
            if not self.left:
                self.shown = {**self.shown, "DBInstanceStatus": "available", SOURCE: ""}
        return {"DBInstances": [self.shown]}

    def add_tags_to_resource(self, **asked: Any) -> None:
        """Take tags."""
        self.calls.append("tag")
        self.shown["TagList"] = asked["Tags"]

    def promote_read_replica(self, **asked: Any) -> None:
        """Begin the promotion, or refuse where it has begun."""
        if self.shown["DBInstanceStatus"] != "available":
            raise ClientError({"Error": {"Code": "InvalidDBInstanceState"}}, "PromoteReadReplica")
        assert asked == {"DBInstanceIdentifier": "replica", "BackupRetentionPeriod": 14}
        self.calls.append("promote")
        self.shown["DBInstanceStatus"] = "modifying"
        self.left = 2


def promotion(rds: Rds) -> Promotion:
    found = Promotion(rds, OPTIONS, lambda change: None)
    found.look()
    return found


def test_it_is_tagged_before_it_is_promoted_and_ends_as_nobody_s_replica() -> None:
    rds = Rds()
    promotion(rds).bring_about()
    assert rds.calls == ["tag", "promote"]
    assert (rds.shown["DBInstanceStatus"], rds.shown[SOURCE], rds.shown["TagList"]) == ("available", "", [TAG])


def test_what_this_run_has_begun_or_done_is_not_done_again() -> None:
    begun = Rds(DBInstanceStatus="modifying", TagList=[TAG])
    begun.left = 3
    done = Rds(TagList=[TAG], **{SOURCE: ""})
    for rds in (begun, done):
        promotion(rds).bring_about()
    assert (begun.calls, done.calls) == ([], [])


@pytest.mark.parametrize(
    ("shown", "words"),
    [({SOURCE: ""}, "does not bear the tag of this run"), ({SOURCE: "another"}, "follows another, not db")],
)
def test_what_is_somebody_else_s_is_refused(shown: dict[str, Any], words: str) -> None:
    with pytest.raises(PromotionError, match=words) as refused:
        promotion(Rds(**shown))
    assert refused.value.stop == "refused"


def point(minutes: int, value: float) -> dict[str, Any]:
    return {"Timestamp": NOW - timedelta(minutes=minutes), "Maximum": value}


def test_the_newest_lag_counts_and_none_is_no_lag() -> None:
    assert newest([point(3, 90), point(1, 4), point(2, 7)]) == 4
    assert newest([point(1, -1)]) is None
    assert newest([]) is None


def test_a_replica_names_its_source_by_identifier_or_arn() -> None:
    assert follows({SOURCE: "db"}, "db")
    assert follows({SOURCE: "arn:aws:rds:ap-south-1:123456789012:db:db"}, "db")
    assert not follows({SOURCE: "other-db"}, "db")
    assert not follows({}, "db")


class Clients:
    """RDS with two replicas, and a CloudWatch that knows the lag of one."""

    def get_paginator(self, _operation: str) -> Clients:
        """Return the pages of instances."""
        return self

    def paginate(self) -> list[dict[str, Any]]:
        """Return the instances."""
        names = {"db": "", "near": "db", "silent": "db", "of-another": "other"}
        shown = [
            {"DBInstanceIdentifier": one, "DBInstanceStatus": "available", SOURCE: of} for one, of in names.items()
        ]
        return [{"DBInstances": shown}]

    def get_metric_statistics(self, Dimensions: list[dict[str, str]], **_asked: Any) -> dict[str, Any]:  # noqa: N803
        """Return the lag of one of them."""
        return {"Datapoints": [point(1, 2)] if Dimensions[0]["Value"] == "near" else []}


def test_a_replica_whose_lag_is_not_known_is_a_finding_and_no_choice() -> None:
    facts = Facts(lambda service: Clients(), "db")
    assert [(one["id"], one["lag"]) for one in replicas_of(facts, "db")] == [("near", 2.0)]
    assert [one["where"] for one in facts.findings] == ["silent"]
