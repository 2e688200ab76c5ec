# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The credential report waited for and judged, and the principals with their policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import credential_report
from ansible_collections.hasivu.ops.plugins.module_utils.credential_findings import (
    Limits,
    credential_findings,
    password_policy_findings,
    summary_findings,
)
from ansible_collections.hasivu.ops.plugins.module_utils.credential_report import NoReportError, parse, read_report
from ansible_collections.hasivu.ops.plugins.module_utils.principal_details import account_of
from ansible_collections.hasivu.ops.plugins.module_utils.principal_findings import Accepted, principal_findings

NOW = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)
COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,"
    "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,"
    "access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,"
    "cert_2_last_rotated"
)
NO_KEY = "false,N/A,N/A,N/A,N/A"


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def key(made: float, used: float | None, active: str = "true") -> str:
    return f"{active},{ago(made)},{'N/A' if used is None else ago(used)},N/A,N/A"


def line(user: str = "asha", password: str = "false,N/A,N/A", mfa: str = "true", keys: tuple[str, ...] = ()) -> str:
    shown = ",".join([*keys, NO_KEY, NO_KEY][:2])
    return f"{user},arn:aws:iam::204867531290:user/{user},{ago(400)},{password},N/A,{mfa},{shown},false,N/A,false,N/A"


def keys_found(*lines: str) -> list[str]:
    report = parse("\n".join([COLUMNS, *lines]))
    return [finding["key"] for finding in credential_findings(report, Limits(NOW, 45, 90))]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (line(), []),
        (line(mfa="false"), []),
        (line(password=f"true,{ago(1)},{ago(300)}", mfa="false"), ["user-without-mfa"]),
        (line(password=f"TRUE,{ago(1)},{ago(300)}", mfa="FALSE"), ["user-without-mfa"]),
        (line(password=f"true,{ago(44.9)},{ago(300)}"), []),
        (line(password=f"true,{ago(45)},{ago(300)}"), ["unused-credential"]),
        (line(password=f"true,no_information,{ago(46)}"), ["unused-credential"]),
        (line(password=f"true,no_information,{ago(2)}"), []),
        (line(keys=(key(10, None),)), []),
        (line(keys=(key(45, None),)), ["never-used-key"]),
        (line(keys=(key(80, 44),)), []),
        (line(keys=(key(80, 46),)), ["unused-credential"]),
        (line(keys=(key(90, 1),)), []),
        (line(keys=(key(91, 1),)), ["old-key"]),
        (line(keys=(key(400, 200, "false"),)), []),
        (line(keys=(key(5, 1), key(60, 1))), ["two-active-keys"]),
        (line(keys=(key(400, 399, "false"), key(60, 1))), []),
        (line("<root_account>", "not_supported,no_information,not_supported"), []),
        (line("<root_account>", "not_supported,no_information,not_supported", mfa="false"), ["root-without-mfa"]),
        (line("<root_account>", "not_supported,no_information,not_supported", keys=(key(1, None),)), ["root-key"]),
    ],
)
def test_a_credential_is_judged_by_its_age_and_use(given: str, expected: list[str]) -> None:
    assert keys_found(given) == expected


def test_a_finding_names_user_key_control_and_a_day() -> None:
    report = parse("\n".join([COLUMNS, line(keys=(key(5, 1), key(100, 1)))]))
    (finding,) = [one for one in credential_findings(report, Limits(NOW, 45, 90)) if one["key"] == "old-key"]
    assert finding["where"] == "user/asha access key 2"
    assert "100 days" in finding["what"]
    assert finding["control"] == "CIS-AWS-6.0.0-2.13"
    assert datetime.fromisoformat(finding["deadline"])


def test_the_summary_tells_of_the_root_user_what_the_report_did_not() -> None:
    bad = {"AccountMFAEnabled": 0, "AccountAccessKeysPresent": 1}
    assert [one["key"] for one in summary_findings(bad, set())] == ["root-without-mfa", "root-key"]
    assert list(summary_findings(bad, {"root-without-mfa", "root-key"})) == []
    assert list(summary_findings({"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0}, set())) == []


def test_a_password_policy_is_weak_when_it_is_short_forgetful_or_absent() -> None:
    assert len(list(password_policy_findings({}))) == 1
    assert len(list(password_policy_findings({"MinimumPasswordLength": 14, "PasswordReusePrevention": 5}))) == 1
    assert list(password_policy_findings({"MinimumPasswordLength": 14, "PasswordReusePrevention": 24})) == []


class Iam:
    """IAM that says these states, one after another, and then gives a report of some age."""

    def __init__(self, states: list[str], age: timedelta = timedelta()) -> None:
        self.states, self.age = states, age

    def generate_credential_report(self) -> dict[str, str]:
        return {"State": self.states.pop(0) if len(self.states) > 1 else self.states[0]}

    def get_credential_report(self) -> dict[str, Any]:
        return {"Content": f"{COLUMNS}\n{line()}".encode(), "GeneratedTime": datetime.now(UTC) - self.age}


def test_a_report_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_report, "PAUSE_SECONDS", 0)
    report, _ = read_report(Iam(["STARTED", "INPROGRESS", "COMPLETE"]), 60)
    assert [one.user for one in report] == ["asha"]


@pytest.mark.parametrize(
    ("iam", "word"),
    [(Iam(["INPROGRESS"]), "still INPROGRESS"), (Iam(["COMPLETE"], timedelta(hours=5)), "no newer one")],
)
def test_no_report_or_an_old_one_is_told(iam: Iam, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_report, "PAUSE_SECONDS", 0)
    with pytest.raises(NoReportError, match=word):
        read_report(iam, 0)


ALL = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
NOBODY = {
    "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
}
ADMIN = {"PolicyName": "Admin", "PolicyArn": "arn:aws:iam::aws:policy/Admin"}


def user(name: str, **more: Any) -> dict[str, Any]:
    return {"UserName": name, "Arn": f"arn:user/{name}", "Path": "/", **more}


def role(name: str, path: str = "/", **more: Any) -> dict[str, Any]:
    return {"RoleName": name, "Arn": f"arn:role/{name}", "Path": path, "AssumeRolePolicyDocument": NOBODY, **more}


def policy(arn: str, name: str = "Admin", *documents: Any) -> dict[str, Any]:
    versions = [{"Document": one, "IsDefaultVersion": number == 0} for number, one in enumerate(documents)]
    return {"PolicyName": name, "Arn": arn, "PolicyVersionList": versions}


def account(administrators: tuple[str, ...] = (), **lists: Any) -> list[tuple[str, str]]:
    accepted = Accepted("204867531290", {"asha": "Asha", "worker": "Platform Team"}, administrators, [])
    return [(one["key"], one["where"]) for one in principal_findings(account_of([lists]), accepted)]


def test_a_user_has_an_owner_and_its_rights_from_a_group() -> None:
    assert account(UserDetailList=[user("asha", GroupList=["staff"])]) == []
    assert account(UserDetailList=[user("ghost")]) == [("unknown-principal", "user/ghost")]
    inline = [{"PolicyName": "x", "PolicyDocument": {"Statement": []}}]
    assert account(UserDetailList=[user("asha", UserPolicyList=inline)]) == [("direct-policy", "user/asha")]


def test_a_managed_policy_counts_by_its_default_version_and_only_where_somebody_has_it() -> None:
    narrow = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
    worker = role("worker", AttachedManagedPolicies=[ADMIN])
    wide, mended = policy(ADMIN["PolicyArn"], "Admin", ALL, narrow), policy(ADMIN["PolicyArn"], "Admin", narrow, ALL)
    assert account(Policies=[wide]) == []
    assert account(RoleDetailList=[worker], Policies=[mended]) == []
    assert account(RoleDetailList=[worker], Policies=[wide]) == [("wildcard-policy", "policy/Admin")]
    assert account(("worker",), RoleDetailList=[worker], Policies=[wide]) == []


def test_a_policy_that_was_not_described_or_cannot_be_read_is_unread() -> None:
    worker = role("worker", AttachedManagedPolicies=[ADMIN])
    assert account(RoleDetailList=[worker]) == [("unread", "policy/Admin")]
    assert account(RoleDetailList=[worker], Policies=[policy(ADMIN["PolicyArn"])]) == [("unread", "policy/Admin")]
    assert account(RoleDetailList=[role("worker", AssumeRolePolicyDocument="{")]) == [("unread", "role/worker")]


def test_what_belongs_to_aws_is_not_ours_to_mend() -> None:
    linked = role("AWSServiceRoleForX", "/aws-service-role/x.amazonaws.com/", AttachedManagedPolicies=[ADMIN])
    assert account(RoleDetailList=[linked], Policies=[policy(ADMIN["PolicyArn"], "Admin", ALL)]) == []


def test_a_wide_group_is_found_once_for_all_its_members() -> None:
    group = {
        "GroupName": "staff",
        "Arn": "arn:group/staff",
        "GroupPolicyList": [{"PolicyName": "x", "PolicyDocument": ALL}],
    }
    members = [user("asha", GroupList=["staff"])]
    assert account(UserDetailList=members, GroupDetailList=[group]) == [("wildcard-policy", "group/staff policy x")]
