"""Faults on demand: what can go wrong in the sandbox, by name. A further fault is a further line of the table."""

from __future__ import annotations

import difflib
import signal
import sys
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hasivu_play.errors import StoppedError, UsageError
from hasivu_play.sandbox import fault_markers
from hasivu_play.sandbox.fault_kinds import Fault, FileFault, PartDown
from hasivu_play.sandbox.fault_sessions import InactiveSlot, Session, Writer
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.lock import locked
from hasivu_play.sandbox.parts import part
from hasivu_play.sandbox.process import Process, log_tail, recall, remember, start
from hasivu_play.sandbox.waiting import wait_until

BEGIN_SECONDS = 15.0
END_SECONDS = 5.0


def frozen_now() -> dict[str, Any]:
    """Return a freeze window that covers the present time in India."""
    now = datetime.now(ZoneInfo("Asia/Kolkata"))
    begin, end = now - timedelta(hours=1), now + timedelta(hours=2)
    return {"freeze_windows": [{"name": "practice", "from": f"{begin:%H:%M}", "to": f"{end:%H:%M}"}]}


TABLE: dict[str, Fault] = {
    "database-down": PartDown("PostgreSQL is stopped.", "postgresql"),
    "redis-down": PartDown("Redis is stopped.", "redis"),
    "aws-down": PartDown("The AWS emulator is stopped.", "aws"),
    "kubernetes-down": PartDown("The Kubernetes API is stopped.", "kubernetes"),
    "application-down": PartDown("The HASIVU application is stopped.", "application"),
    "edge-down": PartDown("The TLS front door is stopped.", "edge"),
    "idle-in-transaction": Session(
        "A session of the application changed an order and forgot to commit.",
        "hasivu_app_a",
        "hasivu-api order-import",
        "idle in transaction",
        ("BEGIN", "UPDATE orders SET status = 'placed' WHERE id = 1"),
    ),
    "long-query": Session(
        "A report of the application runs and runs.",
        "hasivu_app_a",
        "hasivu-api sales-report",
        "active",
        ("SELECT count(*) FROM orders, pg_sleep({seconds})",),
    ),
    "pinned-xmin": Session(
        "A repeatable-read transaction keeps dead rows from being removed.",
        "hasivu_monitor",
        "monthly-export",
        "idle in transaction",
        ("BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM pg_class"),
    ),
    "ddl-lock": Session(
        "A migration holds ACCESS EXCLUSIVE on the orders.",
        "hasivu_admin",
        "hasivu-migration",
        "idle in transaction",
        ("SET lock_timeout TO '5s'", "BEGIN", "LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"),
    ),
    "inactive-slot": InactiveSlot("A replication slot that nobody reads keeps WAL.", "hasivu_replica_2"),
    "freeze-window": FileFault("Changes are frozen at this hour.", "policy.json", frozen_now),
    "backup-running": FileFault("RDS takes a snapshot.", "aws/faults.json", lambda: {"rds_status": "backing-up"}),
    "restore-fails": FileFault(
        "A restored instance ends in incompatible-restore.",
        "aws/faults.json",
        lambda: {"rds_restore_ends": "incompatible-restore"},
    ),
    "restore-hangs": FileFault(
        "A restored instance stays in creating.", "aws/faults.json", lambda: {"rds_restore_ends": "creating"}
    ),
    "snapshot-stuck": FileFault(
        "A snapshot stays in creating.", "aws/faults.json", lambda: {"rds_snapshots_stuck": True}
    ),
    "log-upload-stalled": FileFault(
        "The latest restorable time of every instance stands still.",
        "aws/faults.json",
        lambda: {"rds_uploads_stalled": True},
    ),
    "no-capacity": FileFault(
        "AWS has no instance of the class left to restore to.",
        "aws/faults.json",
        lambda: {
            "refused": dict.fromkeys(
                ("rds:RestoreDBInstanceToPointInTime", "rds:RestoreDBInstanceFromDBSnapshot"),
                "InsufficientDBInstanceCapacity",
            )
        },
    ),
    "modify-throttled": FileFault(
        "RDS asks three times for patience before it changes an instance.",
        "aws/faults.json",
        lambda: {"throttled": {"rds:ModifyDBInstance": 3}},
    ),
    "storage-full": FileFault(
        "The database has 1 GiB of storage left.", "aws/faults.json", lambda: {"free_storage_bytes": 2**30}
    ),
    "replica-lag": FileFault(
        "The read replica is ten minutes behind.", "aws/faults.json", lambda: {"replica_lag_seconds": 600}
    ),
    "old-certificate": FileFault(
        "The front door serves api with the certificate from before its renewal.",
        "edge/faults.json",
        lambda: {"old": ["api"]},
    ),
    "validation-record-removed": FileFault(
        "The DNS record by which ACM renews the certificate of www is gone.",
        "edge/faults.json",
        lambda: {"records_removed": ["www"]},
    ),
    "secrets-throttled": FileFault(
        "Secrets Manager asks twice for patience before it answers.",
        "aws/faults.json",
        lambda: {"throttled": dict.fromkeys(("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"), 2)},
    ),
    "lost-answer": FileFault(
        "The answer of Secrets Manager is lost after it stored a version.",
        "aws/faults.json",
        lambda: {"lost_answers": {"secretsmanager:PutSecretValue": 1}},
    ),
    "image-missing": FileFault(
        "New pods of the web application cannot pull their image.",
        "kubernetes/faults.json",
        lambda: {"images": {"hasivu/web": "missing"}},
    ),
    "deployment-conflict": FileFault(
        "Somebody else changes the Deployments at the same time.",
        "kubernetes/faults.json",
        lambda: {"conflict": ["deployments"]},
    ),
    "forgotten-writer": Writer(
        "A program that nobody declared writes card readings into the database.",
        "hasivu_admin",
        "canteen-kiosk-import",
        "idle",
        ("INSERT INTO rfid_events (card_id, reader_id, accepted) SELECT 1, 1, true",),
    ),
    "open-incident": FileFault(
        "A P1 incident is open.",
        "companions/faults.json",
        lambda: {"open_incident": {"priority": "P1", "title": "Orders fail in Mysuru"}},
    ),
}
FAULTS: dict[str, str] = {name: fault.description for name, fault in TABLE.items()}


def inject(layout: Layout, name: str, seconds: float | None = None) -> None:
    """Bring a fault about, until it is cleared, its time is over or the sandbox goes down."""
    fault = find(name)
    with locked(layout):
        check_ready(layout, name, fault)
        stop_holder(layout, name)
        fault_markers.mark(layout, name, fault.holds_down)
        fault.begin(layout)
        duration = fault.default_seconds if seconds is None else seconds
        holder = None if duration is None else start_holder(layout, name, duration)
        wait_until(lambda: fault.has_begun(layout) or holder is None or not holder.alive(), BEGIN_SECONDS)
        if not fault.has_begun(layout):
            switch_off(layout, name)
            tail = log_tail(layout.part("faults") / f"{name}.log")
            raise StoppedError(f"The fault {name} could not be brought about; it was taken back. Its log says:\n{tail}")


def clear(layout: Layout, name: str | None) -> list[str]:
    """End one fault, or all; return the names of those that were on."""
    with locked(layout):
        if name is None:
            return clear_all(layout)
        find(name)
        return [name] if switch_off(layout, name) else []


def clear_all(layout: Layout, restart: bool = True) -> list[str]:
    """End every fault, for a caller who holds the sandbox's lock."""
    return [name for name in fault_markers.active(layout) if switch_off(layout, name, restart)]


def active(layout: Layout) -> list[str]:
    """Return the names of the faults that are on."""
    return fault_markers.active(layout)


def find(name: str) -> Fault:
    """Return a fault by its name, or say which there are."""
    if name in TABLE:
        return TABLE[name]
    near = difflib.get_close_matches(name, TABLE, 1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Choose from: {', '.join(TABLE)}."
    raise UsageError(f"There is no fault '{name}'. {hint}")


def check_ready(layout: Layout, name: str, fault: Fault) -> None:
    """Refuse a fault that has nothing to act on."""
    if not layout.endpoints():
        raise UsageError(f"The fault {name} needs a sandbox. Start it with `hasivu-play sandbox up`.")
    if fault.needs and not part(layout, fault.needs).running():
        raise UsageError(f"The fault {name} needs {fault.needs}, which is down. Run `hasivu-play sandbox up` first.")


def switch_off(layout: Layout, name: str, restart: bool = True) -> bool:
    """End a fault and its process; say whether it was on."""
    if name not in fault_markers.active(layout):
        return False
    stop_holder(layout, name)
    fault_markers.unmark(layout, name)
    fault = find(name)
    if not fault.needs or part(layout, fault.needs).running():
        fault.end(layout, restart)
    return True


def start_holder(layout: Layout, name: str, seconds: float) -> Process:
    """Start the process that holds a fault and ends it in time."""
    folder = layout.part("faults")
    command = [sys.executable, "-P", "-m", "hasivu_play.sandbox.fault_holder", str(layout.root), name, str(seconds)]
    holder = start(command, folder / f"{name}.log", 0)
    remember(holder, folder / f"{name}.process")
    return holder


def stop_holder(layout: Layout, name: str) -> None:
    """End the process that holds a fault."""
    holder = recall(layout.part("faults") / f"{name}.process")
    if holder:
        holder.stop(signal.SIGTERM, END_SECONDS)
