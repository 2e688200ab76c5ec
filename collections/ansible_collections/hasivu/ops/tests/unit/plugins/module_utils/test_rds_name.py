# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""An instance is known by what it is and not by its name, in the middle of a rename too."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.rds_name import Named, RenameError
from botocore.exceptions import ClientError

GONE = ClientError({"Error": {"Code": "DBInstanceNotFound", "Message": "no"}}, "DescribeDBInstances")
SLOW = 2  # looks for which a rename lasts


class Rds:
    """An RDS whose renames last for some looks."""

    def __init__(self, *instances: dict[str, Any]) -> None:
        """Keep the instances."""
        self.instances = list(instances)
        self.renamed: list[tuple[str, str]] = []

    def get_paginator(self, _operation: str) -> Rds:
        """Page through the instances."""
        return self

    def paginate(self, Filters: list[dict[str, Any]]) -> list[dict[str, Any]]:  # noqa: N803
        """Show the instances, and let each rename that is under way come nearer to its end."""
        for one in self.instances:
            if "next" in one:
                one["looks"] -= 1
                if one["looks"] == 0:
                    one.update(DBInstanceIdentifier=one.pop("next"), DBInstanceStatus="available")
        wanted = Filters[0]["Values"] if Filters else [one["DbiResourceId"] for one in self.instances]
        return [{"DBInstances": [one for one in self.instances if one["DbiResourceId"] in wanted]}]

    def describe_db_instances(self, DBInstanceIdentifier: str) -> dict[str, Any]:  # noqa: N803
        """Show one instance."""
        found = [one for one in self.instances if one["DBInstanceIdentifier"] == DBInstanceIdentifier]
        if not found:
            raise GONE
        return {"DBInstances": found}

    def modify_db_instance(self, DBInstanceIdentifier: str, **asked: Any) -> None:  # noqa: N803
        """Begin a rename."""
        (one,) = self.describe_db_instances(DBInstanceIdentifier)["DBInstances"]
        self.renamed.append((DBInstanceIdentifier, asked["NewDBInstanceIdentifier"]))
        one.update(next=asked["NewDBInstanceIdentifier"], looks=SLOW, DBInstanceStatus="renaming")


def shown(name: str, resource: str, status: str = "available", run: str = "", **more: Any) -> dict[str, Any]:
    """Return an instance as RDS shows it."""
    tags = [{"Key": "hasivu-run", "Value": run}] if run else []
    return {
        "DBInstanceIdentifier": name,
        "DbiResourceId": resource,
        "DBInstanceStatus": status,
        "TagList": tags,
        **more,
    }


def named(rds: Rds, resource: str | None = None, run: str | None = None, seconds: float = 5) -> Named:
    """Return what names an instance."""
    options = {"resource_id": resource, "run_id": run, "deadline_seconds": seconds, "poll_seconds": 0}
    return Named(rds, options, lambda _: None)


def test_an_instance_is_renamed_once_and_waited_for() -> None:
    rds = Rds(shown("a", "db-1"))
    found = named(rds, "db-1").find()
    assert found is not None
    after = named(rds, "db-1").rename(found, "b")
    assert (after["DBInstanceIdentifier"], after["DBInstanceStatus"]) == ("b", "available")
    assert named(rds, "db-1").rename(after, "b") == after
    assert rds.renamed == [("a", "b")]


def test_a_rename_that_a_killed_run_has_begun_is_waited_for() -> None:
    rds = Rds(shown("a", "db-1", "renaming", next="b", looks=SLOW))
    found = named(rds, "db-1").settled()
    assert found is not None
    assert found["DBInstanceIdentifier"] == "b"
    assert rds.renamed == []


def test_the_name_of_another_instance_is_not_taken() -> None:
    rds = Rds(shown("a", "db-1"), shown("b", "db-2"))
    with pytest.raises(RenameError, match="another instance"):
        named(rds, "db-1").rename(rds.instances[0], "b")
    assert rds.renamed == []


def test_the_new_instance_is_known_by_the_tag_of_its_run_and_must_be_the_only_one() -> None:
    rds = Rds(shown("a", "db-1"), shown("b", "db-2", run="run-1"))
    assert named(rds, run="run-1").find() == rds.instances[1]
    assert named(rds, run="run-2").find() is None
    rds.instances.append(shown("c", "db-3", run="run-1"))
    with pytest.raises(RenameError, match="More than one"):
        named(rds, run="run-1").find()


@pytest.mark.parametrize(("status", "seconds", "stop"), [("failed", 5, "resumable"), ("modifying", -1, "budget")])
def test_what_does_not_come_about_ends(status: str, seconds: float, stop: str) -> None:
    rds = Rds(shown("a", "db-1", status))
    with pytest.raises(RenameError) as caught:
        named(rds, "db-1", seconds=seconds).rename(rds.instances[0], "b")
    assert caught.value.stop == stop
    assert rds.renamed == []
