"""Job templates and schedules of AWX, as a playbook of the collection awx.awx.

AWX takes an RFC 5545 rule if it begins with a DTSTART that names its zone, holds an INTERVAL, and counts no weekdays
with a number: the first Sunday is `BYDAY=SU;BYSETPOS=1` (`validate_rrule` in awx/api/serializers.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hasivu_play.header import Header
from hasivu_play.schedule import next_time
from hasivu_play.schedule_order import Order, seconds
from hasivu_play.schedule_pattern import LAST, parts_of, pattern_of


def awx_play(headers: list[Header], order: Order, now: datetime) -> dict[str, Any]:
    """Return the play that makes a job template and a schedule for each procedure."""
    return {
        "name": f"Start the procedures of {order.environment} by time in AWX",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {
            "awx_organization": "HASIVU",
            "awx_project": "hasivu-play",
            "awx_inventory": f"HASIVU {order.environment}",
        },
        "tasks": [
            task for header in headers for task in (template_task(header, order), schedule_task(header, order, now))
        ],
    }


def template_task(header: Header, order: Order) -> dict[str, Any]:
    """Return the task that makes the job template; two jobs of it never run at once."""
    return {
        "name": f"Have a job template for {header.id}",
        "awx.awx.job_template": {
            "name": order.name(header),
            "description": header.title,
            "job_type": "run",
            "organization": "{{ awx_organization }}",
            "project": "{{ awx_project }}",
            "inventory": "{{ awx_inventory }}",
            "playbook": f"playbooks/{header.id}.yml",
            "timeout": seconds(header),
            "allow_simultaneous": False,
            "ask_variables_on_launch": True,
            "state": "present",
        },
    }


def schedule_task(header: Header, order: Order, now: datetime) -> dict[str, Any]:
    """Return the task that makes the schedule."""
    extra = {"extra_data": {"change_ticket": order.ticket}} if order.ticket and header.risk != "read" else {}
    return {
        "name": f"Have a schedule for {header.id}",
        "awx.awx.schedule": {
            "name": order.name(header),
            "description": header.title,
            "unified_job_template": order.name(header),
            "rrule": awx_rule(header.schedule, now),
            **extra,
            "enabled": True,
            "state": "present",
        },
    }


def awx_rule(schedule: dict[str, Any], now: datetime) -> str:
    """Return the rule as AWX takes it, from its next time on; from there an interval counts the same months."""
    following = next_time(schedule, now)
    if following is None:
        raise ValueError("only what has a rule has a next time")
    parts = parts_of(schedule["rrule"])
    head = {"FREQ": parts.pop("FREQ"), "INTERVAL": parts.pop("INTERVAL", "1")}
    rule = ";".join(f"{name}={value}" for name, value in {**head, **parts, **plain_days(schedule["rrule"])}.items())
    return f"DTSTART;TZID={schedule['timezone']}:{following:%Y%m%dT%H%M%S} RRULE:{rule}"


def plain_days(rule: str) -> dict[str, str]:
    """Return the days of a rule without a number before a weekday; a position counts clocks, so it needs just one."""
    pattern = pattern_of(rule)
    if not pattern.ordinal:
        return {}
    days = {"BYDAY": pattern.weekdays[0]}
    if len(pattern.clocks) == 1:
        return {**days, "BYSETPOS": str(pattern.ordinal)}
    if pattern.ordinal == LAST:
        return {**days, "BYMONTHDAY": ",".join(map(str, range(-7, 0)))}
    return {**days, "BYMONTHDAY": ",".join(map(str, range(7 * pattern.ordinal - 6, 7 * pattern.ordinal + 1)))}
