# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The read replicas of a database instance, and how far each is behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rds import moment
from ansible_collections.hasivu.ops.plugins.module_utils.rds_facts import Facts
from ansible_collections.hasivu.ops.plugins.module_utils.rds_promotion import SOURCE
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

Fields = dict[str, Any]
AVAILABLE = "available"
RECENT = timedelta(minutes=10)  # an older value of the metric says nothing of now
MINUTE = 60


def replicas_of(facts: Facts, instance_id: str) -> list[Fields]:
    """Return the replicas that are available and whose lag is known; one whose lag is not is a finding.

    They are looked for among all instances, for one that is gone tells of none.
    """
    every = facts.ask("The read replicas", lambda: facts.pages("rds", "describe_db_instances", "DBInstances"))
    told = [told_of(facts, shown) for shown in every or [] if follows(shown, instance_id)]
    for one in told:
        if one["status"] == AVAILABLE and one["lag"] is None:
            facts.findings.append(unknown_lag(one["id"]))
    return [one for one in told if one["status"] == AVAILABLE and one["lag"] is not None]


def follows(shown: Fields, instance_id: str) -> bool:
    """Tell whether an instance is a replica of another one; one of another Region names it by its ARN."""
    return str(shown.get(SOURCE, "")).rpartition(":")[2] == instance_id


def told_of(facts: Facts, shown: Fields) -> Fields:
    """Return what a choice needs to know of a replica."""
    name = shown["DBInstanceIdentifier"]
    points = facts.ask(f"How far {name} is behind", lambda: datapoints(facts, name))
    lag = newest(points or [])
    return {"id": name, "status": shown["DBInstanceStatus"], "lag": lag, "endpoint": shown.get("Endpoint") or {}}


def datapoints(facts: Facts, name: str) -> list[Fields]:
    """Return the recent values of ReplicaLag."""
    now = datetime.now(UTC)
    metric = {"Namespace": "AWS/RDS", "MetricName": "ReplicaLag", "Period": MINUTE, "Statistics": ["Maximum"]}
    where = {"Dimensions": [{"Name": "DBInstanceIdentifier", "Value": name}]}
    span = {"StartTime": now - RECENT, "EndTime": now + timedelta(minutes=1)}
    found: list[Fields] = facts.client("cloudwatch").get_metric_statistics(**metric, **where, **span)["Datapoints"]
    return found


def newest(points: list[Fields]) -> float | None:
    """Return the newest value, or nothing where there is none; -1 says that nothing is replicated."""
    if not points:
        return None
    value = float(max(points, key=lambda point: moment(str(point["Timestamp"])))["Maximum"])
    return None if value < 0 else value


def unknown_lag(name: str) -> dict[str, str]:
    """Return the finding of a replica of which nobody knows how far it is behind."""
    return finding(
        f"How far the read replica {name} is behind is not known.",
        name,
        "What its promotion would lose cannot be told, so it is not chosen.",
        "See its metric ReplicaLag, and mend its replication.",
        "high",
        key="unknown",
    )
