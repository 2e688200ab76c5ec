"""CloudWatch: alarms, dashboards and log groups with the lines that incidents leave."""

from __future__ import annotations

import json
import time
from typing import Any

from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION
from hasivu_play.sandbox.aws.internal import json_call, query_call
from hasivu_play.sandbox.aws.seed.compute import SERVICES
from hasivu_play.sandbox.database_servers import INSTANCE

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:hasivu-alerts"
RETENTION_DAYS = 90
DATABASE = [{"Name": "DBInstanceIdentifier", "Value": INSTANCE}]
DATABASE_LOG = f"/aws/rds/instance/{INSTANCE}/postgresql"
DEAD_LETTERS = [{"Name": "QueueName", "Value": "hasivu-order-queue-dlq"}]

# name, namespace, metric, dimensions, comparison, threshold
ALARMS: tuple[tuple[str, str, str, list[dict[str, str]], str, float], ...] = (
    ("HASIVU-database-cpu", "AWS/RDS", "CPUUtilization", DATABASE, "GreaterThanThreshold", 90),
    ("HASIVU-database-storage", "AWS/RDS", "FreeStorageSpace", DATABASE, "LessThanThreshold", 2 * 2**30),
    ("HASIVU-database-connections", "AWS/RDS", "DatabaseConnections", DATABASE, "GreaterThanThreshold", 90),
    ("HASIVU-order-dead-letters", "AWS/SQS", "ApproximateNumberOfMessagesVisible", DEAD_LETTERS,
     "GreaterThanOrEqualToThreshold", 1),
    ("HASIVU-payment-success", "HASIVU/Payments", "SuccessRate", [], "LessThanThreshold", 99),
)  # fmt: skip
LINES = {
    "auth": ("FAILED_LOGIN user=parent4711 source=203.0.113.7", "LOGIN user=parent4711"),
    "orders": ("Task timed out after 15.00 seconds", "order accepted in 84 ms", "ERROR menu item 77 is sold out"),
}


async def plant() -> None:
    """Make topic, alarms, dashboards and logs."""
    await query_call("sns", "CreateTopic", Name="hasivu-alerts")
    for alarm in ALARMS:
        await make_alarm(*alarm)
    for name in ("HASIVU-API-Metrics", "HASIVU-Lambda-Metrics"):
        await json_call("monitoring", "PutDashboard", DashboardName=name, DashboardBody=dashboard())
    await make_database_log()
    for service in SERVICES:
        await make_log_group(f"/aws/lambda/hasivu-platform-api-{service}", LINES.get(service, ()))


async def make_alarm(
    name: str, namespace: str, metric: str, dimensions: list[dict[str, str]], comparison: str, threshold: float
) -> None:
    """Make one alarm in the state OK."""
    await json_call(
        "monitoring",
        "PutMetricAlarm",
        AlarmName=name,
        Namespace=namespace,
        MetricName=metric,
        Dimensions=dimensions,
        ComparisonOperator=comparison,
        Threshold=threshold,
        Statistic="Average",
        Period=60,
        EvaluationPeriods=5,
        AlarmActions=[TOPIC],
    )
    await json_call("monitoring", "SetAlarmState", AlarmName=name, StateValue="OK", StateReason="Threshold not crossed")


def dashboard() -> str:
    """Return the body of a dashboard with one graph."""
    metric = ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", INSTANCE]
    graph: dict[str, Any] = {"metrics": [metric], "region": REGION, "title": "Database", "period": 60}
    return json.dumps({"widgets": [{"type": "metric", "properties": graph}]})


async def make_database_log() -> None:
    """Make the log group of the database, which another account reads and whose errors are counted."""
    await make_log_group(DATABASE_LOG, ())
    reader = {"destinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:destination:hasivu-log-archive", "filterPattern": ""}
    await json_call("logs", "PutSubscriptionFilter", logGroupName=DATABASE_LOG, filterName="hasivu-archive", **reader)
    counted = {"metricName": "DatabaseErrors", "metricNamespace": "HASIVU/Database", "metricValue": "1"}
    errors: dict[str, Any] = {"filterPattern": "ERROR", "metricTransformations": [counted]}
    await json_call("logs", "PutMetricFilter", logGroupName=DATABASE_LOG, filterName="hasivu-errors", **errors)


async def make_log_group(name: str, lines: tuple[str, ...]) -> None:
    """Make a log group with one stream, its lines a minute apart."""
    await json_call("logs", "CreateLogGroup", logGroupName=name)
    await json_call("logs", "PutRetentionPolicy", logGroupName=name, retentionInDays=RETENTION_DAYS)
    await json_call("logs", "CreateLogStream", logGroupName=name, logStreamName="sandbox")
    if lines:
        start = int(time.time() * 1000) - 60_000 * len(lines)
        events = [{"timestamp": start + 60_000 * place, "message": line} for place, line in enumerate(lines)]
        await json_call("logs", "PutLogEvents", logGroupName=name, logStreamName="sandbox", logEvents=events)
