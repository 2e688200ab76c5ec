"""Claim: the whole recovery, until users are served, takes at most 1.15 of the bare restore of the instance."""

from __future__ import annotations

import configparser
import json
import time
from datetime import UTC, datetime
from typing import Any

import boto3

from benchmarks.clock import seconds, tell
from benchmarks.figure import Figure, compare
from benchmarks.miniature import Miniature, miniature
from benchmarks.programs import BenchmarkError

AIM = 1.15
SOURCE, BARE, WHOLE = "hasivu-sandbox", "hasivu-bare", "hasivu-whole"
# RDS takes from ten minutes on to restore; with fewer here, what surrounds the restore weighs more than it does there.
RESTORE_SECONDS = 600
LOOK_SECONDS, PATIENCE_SECONDS = 0.5, 1800


def measure(rounds: int) -> list[Figure]:
    """Restore an instance and nothing else, then recover the whole platform, both to one second, in one sandbox."""
    bare, served, ended = [], [], []
    for number in range(rounds):
        with miniature() as world:
            moment = a_moment(world)
            (world.layout.part("aws") / "faults.json").write_text(json.dumps({"rds_restore_seconds": RESTORE_SECONDS}))
            bare.append(seconds(lambda world=world, moment=moment: restore(world, moment)))
            begun = datetime.now(UTC)
            ended.append(seconds(lambda world=world, moment=moment: recover(world, moment)))
            served.append((restored_at(world) - begun).total_seconds())
            tell(f"  round {number + 1} of {rounds}: restore {bare[-1]:.0f} s, users served after {served[-1]:.0f} s")
    what = f"where a restore takes {RESTORE_SECONDS} s at the least"
    return [
        compare(f"db-recovery, until users are served, against the bare restore, {what}", served, bare, aim=AIM),
        compare(f"db-recovery, until it is measured and all is settled, against the bare restore, {what}", ended, bare),
    ]


def rds(world: Miniature) -> Any:
    """Return a client of RDS with the operator's key."""
    file = configparser.ConfigParser()
    file.read(world.layout.credential("aws"))
    login = {name: file["default"][name] for name in ("aws_access_key_id", "aws_secret_access_key")}
    where = world.layout.endpoints()["aws"]["url"]
    return boto3.session.Session().client("rds", region_name="ap-south-1", endpoint_url=where, **login)


def show(world: Miniature, name: str) -> dict[str, Any]:
    """Return an instance as RDS shows it."""
    found: dict[str, Any] = rds(world).describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return found


def a_moment(world: Miniature) -> datetime:
    """Return a moment that the log of the changes holds, and that is not the very first one of the instance."""
    wait_for_log(world, datetime.now(UTC))
    moment = datetime.now(UTC)
    wait_for_log(world, moment)
    return moment


def wait_for_log(world: Miniature, moment: datetime) -> None:
    """Wait until the log of the changes reaches past a moment."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while show(world, SOURCE)["LatestRestorableTime"] <= moment:
        if time.monotonic() > deadline:
            raise BenchmarkError("The log of the changes does not reach the moment to restore to.")
        time.sleep(LOOK_SECONDS)


def restore(world: Miniature, moment: datetime) -> None:
    """Restore to a moment and wait until the instance is available: the manual's one line, and a person who waits."""
    names = {"SourceDBInstanceIdentifier": SOURCE, "TargetDBInstanceIdentifier": BARE}
    rds(world).restore_db_instance_to_point_in_time(**names, RestoreTime=moment)
    deadline = time.monotonic() + RESTORE_SECONDS + PATIENCE_SECONDS
    while (status := show(world, BARE)["DBInstanceStatus"]) != "available":
        if time.monotonic() > deadline:
            raise BenchmarkError(f"The bare restore does not end: {BARE} is {status}.")
        time.sleep(LOOK_SECONDS)


def recover(world: Miniature, moment: datetime) -> None:
    """Recover the whole platform to a moment."""
    asked = ("incident_id=BENCHMARK", f"restore_time={moment:%Y-%m-%dT%H:%M:%S.%fZ}", f"target_id={WHOLE}")
    world.play("run", "db-recovery", *(word for one in asked for word in ("-e", one)))


def restored_at(world: Miniature) -> datetime:
    """Return since when users are served, as the run has measured it."""
    (file,) = (world.home / "runs").glob("*-db-recovery-*/objectives.json")
    return datetime.fromisoformat(json.loads(file.read_text(encoding="utf-8"))["restored_at"])
