"""The calendar of an environment: every procedure that runs by time, and what others start beside them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hasivu_play.errors import UsageError
from hasivu_play.header import Header, read_header
from hasivu_play.project import Project
from hasivu_play.schedule_slot import DAYS, INDIA, Entry

SCHEMA = Path(__file__).with_name("data") / "calendar.schema.json"
HARD_STOP = "policy.maintenance_hard_stop"  # a playbook that heeds the hard stop passes this variable on
CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
RDS_WINDOW = re.compile(r"(?:(?P<day>[a-z]{3}):)?(?P<begin>\d\d:\d\d)-(?:(?P<last>[a-z]{3}):)?(?P<end>\d\d:\d\d)")
WEEK = 7 * 24 * 60
MEND = "Mend `calendar` in calendar.yml of the inventory."


@dataclass(frozen=True)
class Calendar:
    """What starts by time in an environment, and the rules that its times obey."""

    entries: list[Entry]
    since: datetime | None = None
    freezes: list[dict[str, Any]] = field(default_factory=list)
    busy: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, str]] = field(default_factory=list)
    backups_before: list[dict[str, Any]] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)


def read_calendar(project: Project, variables: dict[str, Any], headers: list[Header] | None = None) -> Calendar:
    """Build the calendar of an environment from its variables and the headers of all procedures, read unless given."""
    declared = checked(variables.get("calendar"))
    since = datetime.fromisoformat(declared["since"]).replace(tzinfo=INDIA) if declared["since"] else None
    freezes, stop = policy_of(variables.get("policy"), in_force=since is not None)
    jobs = [job_entry(job) for job in declared["jobs"]] + rds_entries(declared["rds_windows"])
    lists = {name: declared[name] for name in ("busy", "orders", "backups_before", "accepted")}
    return Calendar([*procedure_entries(project, stop, headers), *jobs], since, freezes, **lists)


def checked(declared: Any) -> dict[str, Any]:
    """Return a calendar, unless it is missing or its schema does not allow it."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    if declared is None:
        raise UsageError(
            "The inventory has no `calendar`. Write one into calendar.yml, as the other environments have."
        )
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    error = best_match(Draft202012Validator(schema).iter_errors(declared))
    if error:
        place = ".".join(["calendar", *(str(part) for part in error.absolute_path)])
        raise UsageError(f"{place} of the inventory is wrong: {error.message.rstrip('.')}. {MEND}")
    found: dict[str, Any] = declared
    return found


def policy_of(policy: Any, *, in_force: bool) -> tuple[list[dict[str, Any]], str]:
    """Return freeze windows and hard stop; templates can only be resolved by a run, so what is in force has none."""
    known = policy if isinstance(policy, dict) else {}
    freezes, stop = known.get("freeze_windows"), str(known.get("maintenance_hard_stop") or "")
    if isinstance(freezes, list) and (not stop or CLOCK.fullmatch(stop)):
        return freezes, stop
    if in_force:
        raise UsageError(
            "policy.freeze_windows or policy.maintenance_hard_stop cannot be read. "
            "Write both into policy.yml of the inventory as they are, without templates."
        )
    return [], ""


def procedure_entries(project: Project, hard_stop: str = "", headers: list[Header] | None = None) -> list[Entry]:
    """Return an entry for each procedure that runs by time."""
    if headers is None:
        headers = [read_header(project.playbook(procedure)) for procedure in project.procedures()]
    return [procedure_entry(project, header, hard_stop) for header in headers if "rrule" in header.schedule]


def procedure_entry(project: Project, header: Header, hard_stop: str = "") -> Entry:
    """Return the entry of a procedure; the hard stop counts where its playbook passes it on."""
    heeds = hard_stop and HARD_STOP in project.playbook(header.id).read_text(encoding="utf-8")
    return Entry(
        name=header.id,
        kind="procedure",
        schedule=header.schedule,
        expected_minutes=header.expected_minutes,
        latest_minutes=header.abort_after_minutes,
        resources=tuple(header.resources),
        risk=header.risk,
        hard_stop=hard_stop if heeds else "",
    )


def job_entry(job: dict[str, Any]) -> Entry:
    """Return the entry of a job that the inventory declares."""
    return Entry(
        name=job["name"],
        kind=job["kind"],
        schedule={"rrule": job["rrule"], "timezone": "Asia/Kolkata"},
        expected_minutes=job["minutes"],
        latest_minutes=job["minutes"],
        resources=tuple(job["resources"]),
        multi_az=job.get("multi_az", False),
    )


def rds_entries(windows: dict[str, Any]) -> list[Entry]:
    """Return the entries of RDS's own windows, which RDS counts in UTC."""
    resources = tuple(windows.get("resources") or ())
    kinds = [kind for kind in ("backup", "maintenance") if windows.get(kind)]
    return [rds_entry(kind, str(windows[kind]), resources) for kind in kinds]


def rds_entry(kind: str, window: str, resources: tuple[str, ...]) -> Entry:
    """Return the entry of a window as RDS writes it: `22:00-22:30` each day, `sat:23:30-sun:00:00` each week."""
    found = RDS_WINDOW.fullmatch(window.lower())
    if not found or (found["day"] is None) != (found["last"] is None):
        raise UsageError(
            f"'{window}' is no window of RDS. Write it as hh:mm-hh:mm or ddd:hh:mm-ddd:hh:mm, in UTC. {MEND}"
        )
    minutes = (minute_of(found["last"], found["end"]) - minute_of(found["day"], found["begin"])) % (
        WEEK if found["day"] else WEEK // 7
    )
    if minutes < 30:
        raise UsageError(f"The window '{window}' is shorter than the 30 minutes that RDS asks for. {MEND}")
    hour, minute = found["begin"].split(":")
    often = f"FREQ=WEEKLY;BYDAY={found['day'][:2].upper()}" if found["day"] else "FREQ=DAILY"
    rule = {"rrule": f"{often};BYHOUR={int(hour)};BYMINUTE={int(minute)}", "timezone": "UTC"}
    return Entry(f"RDS {kind} window", kind, rule, minutes, minutes, resources)


def minute_of(day: str | None, clock: str) -> int:
    """Return the minute of the week, or of the day, that a clock of RDS shows."""
    if not CLOCK.fullmatch(clock) or (day and day not in DAYS):
        raise UsageError(f"'{day or ''} {clock}' is no time of RDS. Write hh:mm, and a day as mon to sun. {MEND}")
    hours, minutes = clock.split(":")
    return (DAYS.index(day) if day else 0) * 24 * 60 + int(hours) * 60 + int(minutes)
