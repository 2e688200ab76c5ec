# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What hangs on a database instance: what names it, how it is rewritten, and what is left to people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import attachment_move as move
from ansible_collections.hasivu.ops.plugins.module_utils.attachment_change import Move
from ansible_collections.hasivu.ops.plugins.module_utils.attachment_facts import Attachments, policies_of
from ansible_collections.hasivu.ops.plugins.module_utils.attachment_findings import findings
from botocore.exceptions import EndpointConnectionError

OLD, NEW, RESOURCE = "hasivu", "hasivu-r-1", "db-OLD"
DIMENSIONS = [{"Name": "DBInstanceIdentifier", "Value": OLD}]
SIMPLE = {"AlarmName": "cpu", "MetricName": "CPUUtilization", "Dimensions": DIMENSIONS, "Threshold": 0.0}
EXPRESSION = {
    "AlarmName": "free",
    "Metrics": [
        {"Id": "a", "MetricStat": {"Metric": {"MetricName": "FreeStorageSpace", "Dimensions": DIMENSIONS}}},
        {"Id": "b", "Expression": "a / 2"},
    ],
}
NOTHING: dict[str, Any] = {
    "instance_id": OLD,
    "resource_id": RESOURCE,
    **{kind: [] for kind in ("alarms", "dashboards", "log_groups", "policies", "proxies", "replicas", "replications")},
}


def instance(**more: Any) -> dict[str, Any]:
    """Return a new instance."""
    return {
        "DBInstanceIdentifier": NEW,
        "DbiResourceId": "db-NEW",
        "DBInstanceArn": f"arn:aws:rds:x:1:db:{NEW}",
        **more,
    }


@pytest.mark.parametrize("alarm", [SIMPLE, EXPRESSION])
def test_an_alarm_follows_by_each_of_its_metrics_and_keeps_its_name(alarm: dict[str, Any]) -> None:
    moved = move.alarm_for(alarm, OLD, NEW)
    assert move.watches(alarm, OLD)
    assert not move.watches(moved, OLD)
    assert move.watches(moved, NEW)
    assert moved["AlarmName"] == alarm["AlarmName"]
    assert move.alarm_for(moved, OLD, NEW) == moved


def test_of_an_alarm_only_what_can_be_put_again_is_kept_and_a_threshold_of_nothing_is_one() -> None:
    shown = {**SIMPLE, "StateValue": "ALARM", "AlarmArn": "arn", "Unit": None, "OKActions": []}
    assert move.definition(shown) == SIMPLE


def test_a_dashboard_names_an_instance_by_its_whole_name_wherever_it_stands() -> None:
    graph = {"metrics": [["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", OLD]], "period": 60}
    search = {
        "expression": f"SEARCH('{{AWS/RDS}} {OLD}', 'Average')",
        "log": f"SOURCE '/aws/rds/instance/{OLD}/postgresql'",
    }
    body = json.dumps({"widgets": [{"properties": graph}, {"properties": search}, {"text": f"{OLD}-web, my-{OLD}"}]})
    moved = move.body_for(body, OLD, NEW)
    assert moved.count(NEW) == 3
    assert f"{OLD}-web, my-{OLD}" in moved
    assert move.body_for(moved, OLD, NEW) == moved
    assert not move.names_instance(moved, OLD)


def test_a_policy_names_an_instance_by_its_identity_inline_or_managed() -> None:
    named = f"arn:aws:rds-db:ap-south-1:1:dbuser:{RESOURCE}/reader"
    document = {"Statement": {"Resource": [named, "arn:aws:rds-db:ap-south-1:1:dbuser:db-OLDER/reader"]}}
    page = {
        "RoleDetailList": [{"RoleName": "r", "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": document}]}],
        "Policies": [
            {
                "Arn": "arn:p",
                "PolicyVersionList": [
                    {"IsDefaultVersion": True, "Document": document},
                    {"IsDefaultVersion": False, "Document": document},
                ],
            }
        ],
    }
    found = policies_of(page, RESOURCE)
    assert found == [{"where": "role r: p", "resource": named}, {"where": "policy arn:p", "resource": named}]


def test_what_was_not_known_is_a_finding_and_what_does_not_follow_says_what_to_change() -> None:
    policy = {"where": "role r: p", "resource": f"arn:aws:rds-db:x:1:dbuser:{RESOURCE}/reader"}
    captured = {**NOTHING, "alarms": None, "policies": [policy], "proxies": [{"name": "door"}], "replicas": ["twin"]}
    told = {one["key"]: one for one in findings(captured, instance())}
    assert told.keys() == {
        "attachments-unknown",
        "iam-login-names-old-instance",
        "proxy-leads-to-old-instance",
        "replica-missing",
    }
    assert "dbuser:db-NEW/reader" in told["iam-login-names-old-instance"]["do"]
    assert findings(NOTHING, instance()) == []


def test_a_silence_of_aws_is_no_empty_list() -> None:
    class Away:
        def __getattr__(self, name: str) -> Any:
            raise EndpointConnectionError(endpoint_url="https://aws")

    facts = Attachments(lambda *_: Away(), OLD, RESOURCE)
    assert {value for kind, value in facts.all().items() if not kind.endswith("_id")} == {None}
    assert {one["severity"] for one in facts.findings} == {"high"}


class CloudWatch:
    """A CloudWatch with one alarm and one dashboard, which notes what is put."""

    def __init__(self) -> None:
        """Watch the old instance."""
        self.alarm, self.body, self.put = SIMPLE, json.dumps({"text": OLD}), 0

    def describe_alarms(self, **_asked: Any) -> dict[str, Any]:
        """Show the alarm."""
        return {"MetricAlarms": [{**self.alarm, "StateValue": "OK"}]}

    def put_metric_alarm(self, **alarm: Any) -> None:
        """Take the alarm."""
        self.alarm, self.put = alarm, self.put + 1

    def get_dashboard(self, **_asked: Any) -> dict[str, Any]:
        """Show the dashboard."""
        return {"DashboardBody": self.body}

    def put_dashboard(self, DashboardName: str, DashboardBody: str) -> None:  # noqa: N803
        """Take the dashboard."""
        self.body, self.put = DashboardBody, self.put + 1


def test_what_is_moved_is_moved_once_and_comes_back_as_it_was() -> None:
    cloudwatch = CloudWatch()
    captured = {**NOTHING, "alarms": [SIMPLE], "dashboards": [{"name": "d", "body": cloudwatch.body}]}

    def change(how: str, rehearse: bool = False) -> int:
        made = Move(lambda *_: cloudwatch, captured, NEW, rehearse)
        getattr(made, how)()
        return len(made.told)

    assert (change("there", rehearse=True), cloudwatch.put) == (2, 0)
    assert (change("there"), change("there"), cloudwatch.put) == (2, 0, 2)
    assert cloudwatch.alarm["Dimensions"] == [{"Name": "DBInstanceIdentifier", "Value": NEW}]
    assert (change("back"), change("back"), cloudwatch.put) == (2, 0, 4)
    assert (cloudwatch.alarm, json.loads(cloudwatch.body)) == (SIMPLE, {"text": OLD})
