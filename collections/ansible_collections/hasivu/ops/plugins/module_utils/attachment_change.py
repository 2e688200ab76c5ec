# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moving what hangs on a database instance to another one, and back: each thing is looked at before it is put."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import attachment_move as move
from ansible_collections.hasivu.ops.plugins.module_utils.attachment_facts import METRIC, SUBSCRIPTION, chosen
from ansible_collections.hasivu.ops.plugins.module_utils.attachment_findings import regions
from ansible_collections.hasivu.ops.plugins.module_utils.aws import error_code
from ansible_collections.hasivu.ops.plugins.module_utils.rds import plain

Fields = dict[str, Any]
Client = Callable[..., Any]
NOT_THERE = ("ResourceNotFound", "ResourceNotFoundException", "DashboardNotFoundError")


class Move:
    """The move of what was captured of one instance to another; in a rehearsal nothing is put."""

    def __init__(self, client: Client, captured: Fields, new: str, rehearse: bool) -> None:
        """Work with clients of AWS, one for each service."""
        self._client = client
        self._captured = captured
        self._old = str(captured["instance_id"])
        self._new = new
        self._rehearse = rehearse
        self.told: list[Fields] = []

    def there(self) -> None:
        """Let everything follow to the new instance; the log groups of the old one stay, for they hold its lines."""
        for alarm in self._captured.get("alarms") or []:
            self._alarm(move.alarm_for(alarm, self._old, self._new))
        for dashboard in self._captured.get("dashboards") or []:
            self._dashboard(dashboard["name"], self._old, self._new)
        for group in self._captured.get("log_groups") or []:
            self._log_group(group, move.log_group_for(group["name"], self._old, self._new))

    def copies(self, instance: Fields) -> None:
        """Replicate the backups of the new instance to the Regions to which those of the old one went."""
        for one in self._captured.get("replications") or []:
            if one["region"] not in regions(instance):
                rds = self._client("rds", one["region"])
                key = {"KmsKeyId": one["key"]} if one["key"] else {}
                call = partial(
                    rds.start_db_instance_automated_backups_replication,
                    SourceDBInstanceArn=instance["DBInstanceArn"],
                    BackupRetentionPeriod=one["days"],
                    **key,
                )
                self._put(f"copies of the backups in {one['region']}", None, one["region"], call)

    def back(self) -> None:
        """Let alarms and dashboards watch the old instance again; log groups of the new one harm nobody."""
        for alarm in self._captured.get("alarms") or []:
            self._alarm(alarm)
        for dashboard in self._captured.get("dashboards") or []:
            self._dashboard(dashboard["name"], self._new, self._old)

    def _put(self, what: str, before: Any, after: Any, call: Callable[[], Any]) -> None:
        """Tell a change, and make it outside of a rehearsal."""
        if not self._rehearse:
            call()
        self.told.append({"name": what, "before": before, "after": after})

    def _alarm(self, wanted: Fields) -> None:
        cloudwatch, name = self._client("cloudwatch"), wanted["AlarmName"]
        found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
        present = move.definition(plain(found[0])) if found else None
        if present != wanted:
            watched = [one["Value"] for one in move.dimensions(present or {})]
            after = [one["Value"] for one in move.dimensions(wanted)]
            self._put(f"alarm {name}", watched, after, partial(cloudwatch.put_metric_alarm, **wanted))

    def _dashboard(self, name: str, old: str, new: str) -> None:
        """Change the dashboard as it is now, so that what somebody drew meanwhile stays; what is gone stays gone."""
        cloudwatch = self._client("cloudwatch")
        found = unless_gone(lambda: cloudwatch.get_dashboard(DashboardName=name))
        if found and move.names_instance(found["DashboardBody"], old) and old != new:
            body = move.body_for(found["DashboardBody"], old, new)
            self._put(
                f"dashboard {name}", old, new, partial(cloudwatch.put_dashboard, DashboardName=name, DashboardBody=body)
            )

    def _log_group(self, group: Fields, name: str) -> None:
        """Make the log group where RDS has not made it yet, and give it retention, subscriptions and metrics."""
        logs = self._client("logs")
        found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        present = next((one for one in found if one["logGroupName"] == name), None)
        if present is None:
            key = {"kmsKeyId": group["key"]} if group["key"] else {}
            self._put(f"log group {name}", None, name, partial(logs.create_log_group, logGroupName=name, **key))
        days = group["retention"]
        if days and (present or {}).get("retentionInDays") != days:
            retain = partial(logs.put_retention_policy, logGroupName=name, retentionInDays=days)
            self._put(f"retention of {name}", (present or {}).get("retentionInDays"), days, retain)
        self._filters(name, present is not None, "subscription", group["subscriptions"], SUBSCRIPTION)
        self._filters(name, present is not None, "metric", group["metrics"], METRIC)

    def _filters(self, group: str, there: bool, kind: str, wanted: list[Fields], fields: tuple[str, ...]) -> None:
        """Give a log group the filters of one kind that the old one has."""
        logs = self._client("logs")
        ask = getattr(logs, f"describe_{kind}_filters")
        shown = ask(logGroupName=group)[f"{kind}Filters"] if there and wanted else []
        present = {one["filterName"]: chosen(plain(one), fields) for one in shown}
        for one in wanted:
            if present.get(one["filterName"]) != one:
                put = getattr(logs, f"put_{kind}_filter")
                what, before = f"{kind} filter {one['filterName']} of {group}", present.get(one["filterName"])
                self._put(what, before, one, partial(put, logGroupName=group, **one))


def unless_gone(question: Callable[[], Any]) -> Any:
    """Return the answer to a question, or nothing where what it asks for is not there any more."""
    try:
        return question()
    except Exception as error:  # boto3 raises errors of many families
        if error_code(error) in NOT_THERE:
            return None
        raise
