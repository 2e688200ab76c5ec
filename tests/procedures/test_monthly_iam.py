"""monthly-iam finds every planted fault and nothing else, hides nothing that was not read, and ends clean when mended.

The tests go one after another through the life of one sandbox, for mending is the last of them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support.access import approve, aws, findings, flood, mend_everything, report
from support.faulting import clear, faulty, set_faults
from support.sandbox import Sandbox, start_and_stop
from support.thorough import thorough

pytestmark = pytest.mark.xdist_group("monthly-iam")

PLANTED = {
    ("wildcard-trust", "role/partner-import"),
    ("unexplained-administrator", "user/vendor-reporting UpdateAssumeRolePolicy in us-east-1"),
    ("unexplained-administrator", "user/rohit.kulkarni AttachUserPolicy in us-east-1"),
    ("unexplained-permission-change", "user/rohit.kulkarni AddUserToGroup in us-east-1"),
    ("user-without-mfa", "user/kavya.rao"),
    ("wildcard-policy", "role/hasivu-lambda policy debugging"),
    ("wildcard-policy", "policy/hasivu-deploy"),
    ("wildcard-policy", "policy/AdministratorAccess"),
    ("pass-role-policy", "role/hasivu-backup policy restore-test"),
    ("unused-credential", "user/meera.iyer"),
    ("unused-credential", "user/vendor-reporting access key 1"),
    ("old-key", "user/vendor-reporting access key 1"),
    ("unknown-principal", "user/vendor-reporting"),
    ("direct-policy", "user/vendor-reporting"),
    ("two-active-keys", "user/ci-deploy"),
    ("old-key", "user/ci-deploy access key 1"),
    ("never-used-key", "user/ci-deploy access key 2"),
    ("old-key", "user/hasivu-reports access key 1"),
    ("direct-policy", "user/ci-deploy"),
    ("weak-password-policy", "password policy"),
    ("no-trail", "CloudTrail trails"),
    ("cluster-admin-binding", "clusterrolebinding/ci-deploy User ci-deploy"),
    ("secrets-reader", "rolebinding/hasivu/reporting ServiceAccount hasivu/hasivu-reporting"),
    ("database-superuser", "role nightly_export"),
    ("database-role-unknown", "role nightly_export"),
    ("public-grant", "public.guardians"),
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Start a sandbox that these tests may mend for good."""
    yield from start_and_stop(Sandbox(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def first(own: Sandbox) -> dict[str, Any]:
    """Return the result of a run against the fresh sandbox."""
    return own.run("monthly-iam")


def places(sandbox: Sandbox, run: str) -> set[tuple[str, str]]:
    return {(one["key"], one["where"]) for one in findings(sandbox, run)}


def last_run(sandbox: Sandbox) -> str:
    return sandbox.runs()[-1].name


def test_every_planted_fault_is_found_and_nothing_else(own: Sandbox, first: dict[str, Any]) -> None:
    assert first["exit_code"] == 1
    assert places(own, first["run"]) == PLANTED
    assert all(one["control"] and one["deadline"] for one in findings(own, first["run"]))
    assert own.play("runs", "verify", first["run"]).returncode == 0


def test_a_change_that_only_us_east_1_knows_is_found(own: Sandbox, first: dict[str, Any]) -> None:
    asked = [{"AttributeKey": "EventName", "AttributeValue": "AttachUserPolicy"}]
    assert aws(own, "cloudtrail").lookup_events(LookupAttributes=asked)["Events"] == []
    (event,) = aws(own, "cloudtrail", "us-east-1").lookup_events(LookupAttributes=asked)["Events"]
    (found,) = [one for one in findings(own, first["run"]) if "AttachUserPolicy" in one["where"]]
    assert event["EventTime"].strftime("%Y-%m-%d %H:%M:%S UTC") in found["what"]
    assert "IST" in found["what"]


def test_every_account_has_a_row_that_its_owner_answers(own: Sandbox, first: dict[str, Any]) -> None:
    rows = report(own, first["run"])["data"]["parts"]["Access"]["attestation"]
    accounts = {row["account"]: row for row in rows}
    users = {f"user/{one['UserName']}" for one in aws(own, "iam").list_users()["Users"]}
    logins = {f"database role/{row['rolname']}" for row in own.rows("SELECT rolname FROM pg_roles WHERE rolcanlogin")}
    assert users | logins | {"root", "role/partner-import", "kubernetes User ci-deploy"} <= set(accounts)
    assert accounts["user/kavya.rao"]["owner"] == "Kavya Rao"
    assert accounts["user/kavya.rao"]["findings"] == "user-without-mfa"
    assert {row["decision"] for row in rows} == {""}


def changes(sandbox: Sandbox) -> dict[str, Any]:
    written = {part: [one for one in sandbox.requests(part) if one["changing"]] for part in ("aws", "kubernetes")}
    wal = "SELECT coalesce(sum(wal_records), 0) FROM pg_stat_statements WHERE userid = 'hasivu_monitor'::regrole"
    return {**written, "wal": sandbox.value(wal)}


def test_no_secret_is_in_the_record(own: Sandbox, first: dict[str, Any]) -> None:
    keys = (own.home / "sandbox" / "aws" / "state" / "iam.json").read_text()
    secrets = set(own.secrets().values()) | set(secret_keys(json.loads(keys)))
    assert len(secrets) > 10
    for path in (own.home / "runs" / first["run"]).iterdir():
        content = path.read_text()
        assert not [secret for secret in secrets if secret in content], path.name


def secret_keys(value: Any) -> Iterator[str]:
    """Return every secret access key that a saved state holds, at any depth."""
    if isinstance(value, dict):
        yield from (item for name, item in value.items() if name == "SecretAccessKey")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from secret_keys(item)


def test_a_rehearsal_waits_for_a_pending_report_and_throttling_finds_the_same_and_writes_nothing(own: Sandbox) -> None:
    before = changes(own)
    slow = {"credential_report_pending": True, "refused": {"iam:GetAccountAuthorizationDetails": "Throttling"}}
    with faulty(own, "aws", **slow):
        known = len(own.requests("aws"))
        mender = threading.Thread(target=mend_after, args=(own, known))
        mender.start()
        rehearsal = own.run("monthly-iam", "--check")
        mender.join()
    assert rehearsal["exit_code"] == 1
    assert places(own, rehearsal["run"]) == PLANTED
    assert changes(own) == before


def mend_after(sandbox: Sandbox, known: int) -> None:
    """Let the report be finished once it was asked for twice, and stop the throttling once it was felt twice."""
    wait_for(sandbox, known, "iam:GenerateCredentialReport")
    set_faults(sandbox, "aws", refused={"iam:GetAccountAuthorizationDetails": "Throttling"})
    wait_for(sandbox, known, "iam:GetAccountAuthorizationDetails")
    clear(sandbox, "aws")


def wait_for(sandbox: Sandbox, known: int, action: str) -> None:
    patience = threading.Event()
    for _ in range(1200):
        if [one["action"] for one in sandbox.requests("aws")[known:]].count(action) >= 2:
            return
        patience.wait(0.1)
    raise AssertionError(f"{action} was not asked for")


def test_what_cannot_be_read_is_a_finding_and_the_rest_is_reviewed(own: Sandbox) -> None:
    refused = {
        "iam:GetAccountAuthorizationDetails": "AccessDenied",
        "cloudtrail:LookupEvents": "AccessDeniedException",
        "rds:DescribeDBInstances": "AccessDenied",
    }
    with faulty(own, "aws", credential_report_pending=True, refused=refused):
        play = ("playbooks/monthly-iam.yml", "-i", "inventory/sandbox", "-e", "access_report_seconds=1")
        assert own.ansible_playbook(*play).returncode == 2
    run = last_run(own)
    assert own.manifest(run)["exit_code"] == 1
    seen = places(own, run)
    unread = {where for key, where in seen if key == "unread"}
    assert {"iam:GetCredentialReport", "iam:GetAccountAuthorizationDetails", "database"} <= unread
    assert {f"CloudTrail {region} iam.amazonaws.com" for region in ("us-east-1", "ap-south-1")} <= unread
    assert seen - {("unread", where) for where in unread} == {
        (key, where) for key, where in PLANTED if key.startswith(("cluster", "secrets", "weak-password", "no-trail"))
    }
    assert all("Allow" in one["do"] for one in findings(own, run) if one["where"].startswith("iam:GetAccount"))


def test_a_cluster_and_a_database_out_of_reach_are_findings_and_aws_is_reviewed(own: Sandbox) -> None:
    with faulty(own, "kubernetes", down=True), faulty(own, "aws", root_without_mfa=True, root_key=True):
        alter(own, "ALTER ROLE hasivu_monitor NOLOGIN")
        try:
            own.ansible_playbook("playbooks/monthly-iam.yml", "-i", "inventory/sandbox")
        finally:
            alter(own, "ALTER ROLE hasivu_monitor LOGIN")
    seen = places(own, last_run(own))
    unread = {where for key, where in seen if key == "unread"}
    assert unread >= {"Kubernetes clusterroles", "Kubernetes rolebindings", "database hasivu_sandbox"}
    assert {("root-without-mfa", "root"), ("root-key", "root"), ("user-without-mfa", "user/kavya.rao")} <= seen
    record = (own.home / "runs" / last_run(own) / "record.jsonl").read_text()
    assert own.credential("database_hasivu_monitor") not in record


def alter(sandbox: Sandbox, statement: str) -> None:
    with sandbox.database() as connection:
        connection.execute(statement)


@thorough
def test_three_thousand_changes_are_read_to_the_last_and_told_in_one_finding(own: Sandbox) -> None:
    flood(own, 3000)
    result = own.run("monthly-iam")
    (found,) = [one for one in findings(own, result["run"]) if "mallory" in one["where"]]
    assert "3000 times" in found["what"]
    assert places(own, result["run"]) == PLANTED | {("unexplained-permission-change", found["where"])}


def test_a_mended_world_has_no_finding(own: Sandbox) -> None:
    mend_everything(own)
    flood(own, 200)
    rotated = own.run("rotate-access-keys")
    assert rotated["exit_code"] == 0, rotated
    approve(own, "hasivu-operator", "rohit.kulkarni", "vendor-reporting", "mallory")
    result = own.run("monthly-iam")
    assert findings(own, result["run"]) == []
    assert result["exit_code"] == 0
    facts = {one["name"]: one["value"] for one in report(own, result["run"])["data"]["parts"]["Access"]["facts"]}
    assert facts["Changes of permissions explained"] > 200
    assert facts["Changes of permissions unexplained"] == 0
