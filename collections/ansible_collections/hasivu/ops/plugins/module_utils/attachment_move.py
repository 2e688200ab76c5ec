# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What hangs on a database instance, rewritten for another instance: decisions only."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

Fields = dict[str, Any]
DIMENSION = "DBInstanceIdentifier"
LOGIN = "rds-db:"
# What PutMetricAlarm takes of what DescribeAlarms shows. Tags stay with an alarm that is put again.
ALARM = (
    *("AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions"),
    *("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods"),
    *("DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData", "EvaluateLowSampleCountPercentile"),
    *("Metrics", "ThresholdMetricId"),
)


def definition(shown: Fields) -> Fields:
    """Return an alarm as PutMetricAlarm takes it; a value that is not set is left out."""
    return {name: shown[name] for name in ALARM if shown.get(name) not in (None, "", [])}


def dimensions(alarm: Fields) -> list[Fields]:
    """Return every dimension of an alarm, those of the metrics that an expression is made of included."""
    lists = [alarm.get("Dimensions") or []]
    lists += [one.get("MetricStat", {}).get("Metric", {}).get("Dimensions") or [] for one in alarm.get("Metrics") or []]
    return [dimension for each in lists for dimension in each]


def watches(alarm: Fields, instance: str) -> bool:
    """Tell whether an alarm is on a metric of an instance."""
    return any((one["Name"], one["Value"]) == (DIMENSION, instance) for one in dimensions(alarm))


def alarm_for(alarm: Fields, old: str, new: str) -> Fields:
    """Return an alarm that watches another instance. Its name stays: composite alarms and people know it by that."""
    moved = copy.deepcopy(alarm)
    for one in dimensions(moved):
        if (one["Name"], one["Value"]) == (DIMENSION, old):
            one["Value"] = new
    return moved


def whole(instance: str) -> re.Pattern[str]:
    """Return what finds the name of an instance where it is not a part of a longer one."""
    return re.compile(rf"(?<![0-9A-Za-z-]){re.escape(instance)}(?![0-9A-Za-z-])")


def names_instance(body: str, instance: str) -> bool:
    """Tell whether the body of a dashboard names an instance."""
    return body_for(body, instance, f"{instance}-") != body


def body_for(body: str, old: str, new: str) -> str:
    """Return the body of a dashboard with another instance in the place of one; where neither is named, as it is."""
    pattern = whole(old)

    def moved(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(new, value)
        if isinstance(value, list):
            return [moved(one) for one in value]
        return {key: moved(one) for key, one in value.items()} if isinstance(value, dict) else value

    before = json.loads(body)
    after = moved(before)
    return body if after == before else json.dumps(after)


def same_body(one: str, other: str) -> bool:
    """Tell whether two bodies of a dashboard say the same."""
    return bool(json.loads(one) == json.loads(other))


def log_prefix(instance: str) -> str:
    """Return how the log groups of an instance begin."""
    return f"/aws/rds/instance/{instance}/"


def log_group_for(name: str, old: str, new: str) -> str:
    """Return the log group of another instance for the same kind of log."""
    return log_prefix(new) + name.removeprefix(log_prefix(old))


def policy_statements(document: Any, resource: str) -> list[str]:
    """Return the resources in a policy that let somebody log in to an instance by its identity."""
    content = json.loads(document) if isinstance(document, str) else document
    statements = content.get("Statement", [])
    each = statements if isinstance(statements, list) else [statements]
    named = [one for statement in each for one in as_list(statement.get("Resource"))]
    return [one for one in named if LOGIN in one and f":dbuser:{resource}/" in one]


def as_list(value: Any) -> list[str]:
    """Return what a policy gives as one text or as several."""
    return [value] if isinstance(value, str) else list(value or [])
