"""The copies of the database that drills make, as somebody sees them who looks at RDS all the while."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support.instances import Instances

PRODUCTION = "hasivu-sandbox"
LOOK_SECONDS = 0.1
DAY = "hasivu-delete-after"


def tags(shown: dict[str, Any]) -> dict[str, str]:
    """Return the tags of an instance by key."""
    return {tag["Key"]: tag["Value"] for tag in shown["TagList"]}


def copies(instances: Instances) -> list[str]:
    """Return the copies that are there."""
    found = [instances.show(name) for name in instances.names()]
    return [one["DBInstanceIdentifier"] for one in found if tags(one).get("hasivu-purpose") == "drill"]


@contextmanager
def watched(instances: Instances) -> Iterator[dict[str, dict[str, Any]]]:
    """Look at RDS all the while, and keep each copy as it was when it was available."""
    seen: dict[str, dict[str, Any]] = {}
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            for one in instances.rds.describe_db_instances()["DBInstances"]:
                if one["DBInstanceIdentifier"] != PRODUCTION and one["DBInstanceStatus"] == "available":
                    seen[one["DBInstanceIdentifier"]] = one

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def tag(instances: Instances, name: str, **wanted: str) -> None:
    """Tag an instance."""
    arn = instances.show(name)["DBInstanceArn"]
    given = [{"Key": key.replace("_", "-"), "Value": value} for key, value in wanted.items()]
    instances.rds.add_tags_to_resource(ResourceName=arn, Tags=given)


def untag(instances: Instances, name: str) -> None:
    """Take the tags of drills from an instance."""
    keys = ["hasivu-purpose", "hasivu-run", DAY]
    instances.rds.remove_tags_from_resource(ResourceName=instances.show(name)["DBInstanceArn"], TagKeys=keys)
