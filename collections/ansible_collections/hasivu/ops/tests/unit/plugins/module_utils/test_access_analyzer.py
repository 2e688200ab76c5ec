# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access Analyzer, the last use of services, Identity Center and trails, with answers in the shapes of the real API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import access_analyzer
from ansible_collections.hasivu.ops.plugins.module_utils.access_analyzer import (
    NotReadyError,
    external_access,
    unused_privileges,
)
from ansible_collections.hasivu.ops.plugins.module_utils.access_unread import Unread
from ansible_collections.hasivu.ops.plugins.module_utils.identity_center import assignments
from ansible_collections.hasivu.ops.plugins.module_utils.principal_details import Principal
from ansible_collections.hasivu.ops.plugins.module_utils.trail_setup import trail_findings
from botocore.exceptions import ClientError
from botocore.stub import Stubber

NOW = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)
ARN = "arn:aws:access-analyzer:ap-south-1:204867531290:analyzer/account"
ASHA = Principal("user", "asha", "arn:aws:iam::204867531290:user/asha", "/", None)
JOB = "12345678-1234-1234-1234-123456789012"


def client(service: str) -> tuple[Any, Stubber]:
    """Return a client that answers only what the model of the service allows."""
    made = boto3.client(service, region_name="ap-south-1", aws_access_key_id="a", aws_secret_access_key="b")
    stub = Stubber(made)
    stub.activate()
    return made, stub


def analyzer(kind: str = "ACCOUNT", status: str = "ACTIVE") -> dict[str, Any]:
    return {"arn": ARN, "name": "account", "type": kind, "createdAt": NOW, "status": status}


def share(number: str) -> dict[str, Any]:
    return {
        "id": number,
        "analyzedAt": NOW,
        "createdAt": NOW,
        "updatedAt": NOW,
        "status": "ACTIVE",
        "resource": f"arn:aws:s3:::menus-{number}",
        "resourceType": "AWS::S3::Bucket",
        "resourceOwnerAccount": "204867531290",
        "findingType": "ExternalAccess",
    }


@pytest.mark.parametrize("analyzers", [[], [analyzer("ACCOUNT_UNUSED_ACCESS")], [analyzer(status="DISABLED")]])
def test_without_an_active_analyzer_of_external_access_that_is_the_finding(analyzers: list[dict[str, Any]]) -> None:
    caller, stub = client("accessanalyzer")
    stub.add_response("list_analyzers", {"analyzers": analyzers})
    assert [one["key"] for one in external_access(caller, 10)] == ["no-access-analyzer"]


def test_every_share_of_every_page_is_a_finding() -> None:
    caller, stub = client("accessanalyzer")
    asked = {"analyzerArn": ARN, "filter": {"status": {"eq": ["ACTIVE"]}}}
    stub.add_response("list_analyzers", {"analyzers": [analyzer()]})
    stub.add_response("list_findings_v2", {"findings": [share("1")], "nextToken": "more"}, asked)
    stub.add_response("list_findings_v2", {"findings": [share("2")]}, {**asked, "nextToken": "more"})
    found = [(one["key"], one["where"]) for one in external_access(caller, 10)]
    assert found == [("external-access", f"arn:aws:s3:::menus-{number}") for number in "12"]


def used(namespace: str, days: int | None) -> dict[str, Any]:
    last = {} if days is None else {"LastAuthenticated": NOW - timedelta(days=days)}
    return {"ServiceName": namespace, "ServiceNamespace": namespace, **last}


def details(status: str, *services: dict[str, Any]) -> dict[str, Any]:
    return {
        "JobStatus": status,
        "JobCreationDate": NOW,
        "JobCompletionDate": NOW,
        "ServicesLastAccessed": list(services),
    }


def test_services_that_a_principal_does_not_use_are_advice_once_the_report_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access_analyzer, "PAUSE_SECONDS", 0)
    caller, stub = client("iam")
    stub.add_response("generate_service_last_accessed_details", {"JobId": JOB}, {"Arn": ASHA.arn})
    stub.add_response("get_service_last_accessed_details", details("IN_PROGRESS"))
    page = {**details("COMPLETED", used("s3", 3)), "IsTruncated": True, "Marker": "m"}
    stub.add_response("get_service_last_accessed_details", page)
    stub.add_response("get_service_last_accessed_details", details("COMPLETED", used("sqs", None), used("kms", 200)))
    (finding,) = unused_privileges(caller, [ASHA], NOW, 90, 60)
    assert finding["severity"] == "advice"
    assert "kms, sqs" in finding["what"]


def test_a_report_that_fails_or_takes_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_analyzer, "PAUSE_SECONDS", 0)
    for status, seconds in (("FAILED", 60), ("IN_PROGRESS", -1)):
        caller, stub = client("iam")
        stub.add_response("generate_service_last_accessed_details", {"JobId": JOB})
        stub.add_response("get_service_last_accessed_details", details(status))
        with pytest.raises(NotReadyError):
            unused_privileges(caller, [ASHA], NOW, 90, seconds)


def test_who_comes_in_through_identity_center_has_a_row() -> None:
    caller, stub = client("sso-admin")
    instance, permissions = (
        "arn:aws:sso:::instance/ssoins-1234567890123456",
        "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
    )
    asked = {"InstanceArn": instance, "AccountId": "204867531290"}
    stub.add_response("list_instances", {"Instances": [{"InstanceArn": instance}]})
    stub.add_response("list_permission_sets_provisioned_to_account", {"PermissionSets": [permissions]}, asked)
    stub.add_response("describe_permission_set", {"PermissionSet": {"Name": "Administrators"}})
    one = {"AccountId": "204867531290", "PermissionSetArn": permissions, "PrincipalType": "GROUP", "PrincipalId": "g-1"}
    stub.add_response(
        "list_account_assignments", {"AccountAssignments": [one]}, {**asked, "PermissionSetArn": permissions}
    )
    (row,) = assignments(caller, "204867531290", 10)
    assert (row["account"], row["rights"]) == ("identity center group/g-1", "Administrators")


WHOLE = {
    "Name": "all",
    "TrailARN": "arn:aws:cloudtrail:ap-south-1:204867531290:trail/all",
    "IsMultiRegionTrail": True,
    "IncludeGlobalServiceEvents": True,
    "LogFileValidationEnabled": True,
}


@pytest.mark.parametrize(
    ("trail", "logging", "expected"),
    [
        (WHOLE, True, []),
        (WHOLE, False, ["no-trail"]),
        ({**WHOLE, "IsMultiRegionTrail": False}, True, ["no-trail"]),
        ({**WHOLE, "IncludeGlobalServiceEvents": False}, True, ["no-trail"]),
        ({**WHOLE, "LogFileValidationEnabled": False}, True, ["trail-without-validation"]),
    ],
)
def test_a_trail_counts_when_it_is_whole_and_logs(trail: dict[str, Any], logging: bool, expected: list[str]) -> None:
    caller, stub = client("cloudtrail")
    stub.add_response("describe_trails", {"trailList": [trail]})
    stub.add_response("get_trail_status", {"IsLogging": logging})
    assert [one["key"] for one in trail_findings(caller)] == expected


def refuse(code: str) -> Any:
    raise ClientError({"Error": {"Code": code, "Message": "no"}}, "ListAnalyzers")


@pytest.mark.parametrize(
    ("code", "optional", "findings", "notes"),
    [
        ("NotImplemented", True, 0, 1),
        ("NotImplemented", False, 1, 0),
        ("AccessDeniedException", True, 1, 0),
        ("ThrottlingException", True, 1, 0),
    ],
)
def test_only_what_is_optional_and_not_offered_is_a_note(code: str, optional: bool, findings: int, notes: int) -> None:
    unread = Unread()
    assert unread.ask("It", "there", "Allow it.", lambda: refuse(code), optional=optional) is None
    assert (len(unread.findings), len(unread.sentences), len(unread.notes)) == (findings, findings, notes)
