"""rotate-access-keys done, rehearsed, refused and undone; the outcome is seen in IAM, at STS and in the cluster."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError
from support.aws import Secret, client
from support.faulting import ends, faulty
from support.killing import kill_at, wait_for
from support.kubernetes import Kubernetes
from support.rotation import published_login_works
from support.sandbox import PROJECT, Sandbox
from support.searching import holding, in_logs
from support.thorough import THOROUGH, thorough

pytestmark = pytest.mark.xdist_group("rotate-others")

NAME, USER = "hasivu/sandbox/access-key/reports", "hasivu-reports"
AT_ONCE = ("-e", "min_interval_days=0")
FOREIGN = "11111111-2222-3333-4444-555555555555"

MAKE = "Have the wanted key made and stored as pending"
TEST = "Test that AWS accepts the wanted key"
SYNC = "Bring the login into the Secret of the cluster"
ROLL = "Let the first consumer read it"
OFF = "Switch the other key off, when nobody uses it"
CHECK = "Check that the wanted key works and the other one is refused"
DELETE = "Delete the other key when nobody used it for long enough"


class AccessKeys:
    """The keys of the service user, and the secret with the one that it uses."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.secret = Secret(sandbox, NAME)
        self.iam = client(sandbox, "iam")

    def listed(self) -> dict[str, str]:
        """Return the status of each key."""
        found = self.iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in found}

    def works(self, fields: dict[str, str]) -> bool:
        """Tell whether AWS knows a key as one of the user."""
        key = {
            "aws_access_key_id": fields["access_key_id"],
            "aws_secret_access_key": fields["secret_access_key"],
        }
        try:
            arn = client(self.sandbox, "sts", key).get_caller_identity()["Arn"]
        except ClientError:
            return False
        return bool(arn.endswith(f":user/{USER}"))

    def check_settled(self) -> None:
        """Check that the user has one key, the published one, and that the cluster holds it."""
        current = self.secret.value(self.secret.current())
        assert self.listed() == {current["access_key_id"]: "Active"}
        assert self.works(current)
        assert not [version for version, stages in self.secret.stages().items() if "AWSPENDING" in stages]
        assert Kubernetes(self.sandbox).secret("hasivu-reports-key") == current

    def asked(self, action: str) -> int:
        """Return how often a run asked AWS to do something, and AWS did it."""
        return sum(
            one["action"] == action and one["status"] < 400 and "hasivu-ops" in one["client"]
            for one in self.sandbox.requests("aws")
        )

    def archived(self) -> int:
        """Let the application make a report, and return how many reports it has put into S3."""
        url = self.sandbox.endpoints()["application"]["url"]
        day = datetime.now(ZoneInfo("Asia/Kolkata")).date().isoformat()
        headers = {"Authorization": f"Bearer {self.sandbox.credential('application_admin_token')}"}
        asked = urllib.request.Request(f"{url}/reports/daily-summary", json.dumps({"date": day}).encode(), headers)
        urllib.request.urlopen(asked, timeout=15).close()
        with urllib.request.urlopen(f"{url}/metrics", timeout=15) as response:
            found = re.search(r'reports_archived_total{result="archived"} (\d+)', response.read().decode())
        return int(found[1]) if found else 0


@pytest.fixture
def keys(sandbox: Sandbox) -> Iterator[AccessKeys]:
    found = AccessKeys(sandbox)
    yield found
    found.check_settled()


@thorough
def test_done_the_published_key_works_at_every_moment_and_stands_nowhere(sandbox: Sandbox, keys: AccessKeys) -> None:
    before = keys.secret.value(keys.secret.current())
    archived = keys.archived()
    with published_login_works(keys.secret, keys.works):
        result = sandbox.run("rotate-access-keys", "-v", *AT_ONCE)
    assert result["exit_code"] == 0, result
    after = keys.secret.value(keys.secret.current())
    assert after["access_key_id"] != before["access_key_id"]
    assert not keys.works(before)
    assert keys.archived() == archived + 1
    secrets = [fields["secret_access_key"] for fields in keys.secret.values().values()]
    assert holding([sandbox.home / "runs", sandbox.home / "private"], secrets) == []
    assert in_logs(sandbox, secrets) == []
    assert not any(secret in str(result) for secret in secrets)
    assert sandbox.play("runs", "verify", result["run"]).returncode == 0


def test_a_rehearsal_writes_nothing_at_the_wire(sandbox: Sandbox, keys: AccessKeys) -> None:
    def world() -> list[Any]:
        changing = [
            request for part in ("aws", "kubernetes") for request in sandbox.requests(part) if request["changing"]
        ]
        return [keys.listed(), keys.secret.stages(), changing]

    before = world()
    rehearsed = sandbox.run("rotate-access-keys", "--check", *AT_ONCE)
    assert rehearsed["exit_code"] == 0, rehearsed
    assert world() == before


@thorough
def test_again_too_early_it_is_refused(sandbox: Sandbox, keys: AccessKeys) -> None:
    assert sandbox.run("rotate-access-keys", *AT_ONCE)["exit_code"] == 0
    before = keys.listed()
    refused = sandbox.run("rotate-access-keys")
    assert refused["exit_code"] == 3
    assert "days apart" in refused["message"]
    assert keys.listed() == before


def test_killed_at_every_boundary_in_turn_it_goes_on_and_makes_one_key(sandbox: Sandbox, keys: AccessKeys) -> None:
    versions, made = len(keys.secret.versions()), keys.asked("iam:CreateAccessKey")
    with published_login_works(keys.secret, keys.works):
        run = kill_at(sandbox, TEST, "run", "rotate-access-keys", *AT_ONCE)
        for step in (SYNC, ROLL, OFF, CHECK, DELETE) if THOROUGH else (OFF,):
            run = kill_at(sandbox, step, "resume", run.name)
        result = ends(sandbox, "resume", run.name)
    assert result["exit_code"] == 0, result
    assert len(keys.secret.versions()) == versions + 1
    assert keys.asked("iam:CreateAccessKey") == made + 1
    secrets = [fields["secret_access_key"] for fields in keys.secret.values().values()]
    assert holding([sandbox.home / "runs", sandbox.home / "private"], secrets) == []
    assert in_logs(sandbox, secrets) == []


def killed_before_a_key_is_made(sandbox: Sandbox) -> Path:
    """Kill a run that asks for a key and is turned away, so that no key comes of it, and return its folder."""
    with faulty(sandbox, "aws", throttled={"iam:CreateAccessKey": 1000}):
        return kill_at(sandbox, MAKE, "run", "rotate-access-keys", *AT_ONCE)


@thorough
def test_a_key_that_was_made_and_lost_is_deleted_and_made_anew(sandbox: Sandbox, keys: AccessKeys) -> None:
    """A kill between CreateAccessKey and PutSecretValue leaves such a key: of this run, in no version, never used."""
    run = killed_before_a_key_is_made(sandbox)
    lost = keys.iam.create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
    result = ends(sandbox, "resume", run.name)
    assert result["exit_code"] == 0, result
    assert lost not in keys.listed()


@thorough
def test_going_back_a_lost_key_is_deleted_too(sandbox: Sandbox, keys: AccessKeys) -> None:
    before = keys.secret.current()
    run = killed_before_a_key_is_made(sandbox)
    keys.iam.create_access_key(UserName=USER)
    result = ends(sandbox, "rollback", run.name)
    assert result["exit_code"] == 0, result
    assert keys.secret.current() == before


@thorough
@pytest.mark.parametrize("step", [TEST, CHECK])
def test_killed_it_goes_back_also_when_the_way_back_is_killed(sandbox: Sandbox, keys: AccessKeys, step: str) -> None:
    before = keys.secret.current()
    with published_login_works(keys.secret, keys.works):
        run = kill_at(sandbox, step, "run", "rotate-access-keys", *AT_ONCE)
        back = kill_at(sandbox, OFF, "rollback", run.name)
        result = ends(sandbox, "resume", back.name)
    assert result["exit_code"] == 0, result
    assert keys.secret.current() == before


@thorough
def test_once_the_old_key_is_deleted_only_a_person_can_decide(sandbox: Sandbox, keys: AccessKeys) -> None:
    done = sandbox.run("rotate-access-keys", *AT_ONCE)
    assert done["exit_code"] == 0, done
    assert ends(sandbox, "rollback", done["run"])["exit_code"] == 5


@thorough
def test_a_third_key_is_never_asked_for(sandbox: Sandbox, keys: AccessKeys) -> None:
    made = keys.asked("iam:CreateAccessKey")
    other = keys.iam.create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
    try:
        begun = time.time()
        wait_for(lambda: time.time() > begun + 1.1)  # IAM tells whole seconds; the key must be older
        result = sandbox.run("rotate-access-keys", *AT_ONCE)
        assert result["exit_code"] == 3
        assert other[-4:] in result["message"]
        assert other in keys.listed()
    finally:
        keys.iam.delete_access_key(UserName=USER, AccessKeyId=other)
    assert keys.asked("iam:CreateAccessKey") == made


@thorough
def test_a_key_that_was_used_days_ago_only_is_deleted_and_until_then_the_run_waits(
    sandbox: Sandbox, keys: AccessKeys
) -> None:
    """The sandbox waits for no day, so this run is told to wait for a week, as in production."""
    before = keys.secret.value(keys.secret.current())
    week = ("-e", "rotation_access_key_idle_days=7")
    done = sandbox.ansible_playbook(
        "playbooks/rotate-access-keys.yml", "-i", str(PROJECT / "inventory" / "sandbox"), *AT_ONCE, *week
    )
    assert done.returncode == 2
    assert "may be deleted from" in done.stdout
    assert keys.listed()[before["access_key_id"]] == "Inactive"
    run = sandbox.runs()[-1].name
    assert sandbox.manifest(run)["exit_code"] == 4
    assert sandbox.run("rotate-access-keys", *AT_ONCE)["exit_code"] == 3
    assert ends(sandbox, "resume", run)["exit_code"] == 0


@thorough
def test_another_rotation_that_is_under_way_is_left_alone(sandbox: Sandbox, keys: AccessKeys) -> None:
    keys.secret.put(FOREIGN, {"access_key_id": "AKIAXXXXXXXXXXXXXXXX", "secret_access_key": "of-somebody-else"})
    try:
        result = sandbox.run("rotate-access-keys", *AT_ONCE)
        assert result["exit_code"] == 5
        assert FOREIGN in result["message"]
    finally:
        keys.secret.forget(FOREIGN)
    assert len(keys.listed()) == 1
