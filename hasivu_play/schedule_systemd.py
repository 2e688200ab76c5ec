"""A systemd timer and its service; the syntax is that of systemd.time(7), systemd.timer(5) and systemd.service(5)."""

from __future__ import annotations

import re

from hasivu_play.header import Header
from hasivu_play.schedule_order import Order, seconds
from hasivu_play.schedule_pattern import LAST, Pattern, pattern_of

# Persistent=false: a change that was missed is not made up for when the machine wakes up at breakfast.
TIMER = """\
[Unit]
Description={title}, by time, in {environment}

[Timer]
OnCalendar={calendar}
AccuracySec=1s
Persistent=false

[Install]
WantedBy=timers.target
"""
SHORT = {"MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun"}
SERVICE = """\
[Unit]
Description={title} in {environment}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={user}
UMask=0077
ExecStart={command}
TimeoutStartSec={seconds}
KillMode=mixed
TimeoutStopSec=60
"""


def units(header: Header, order: Order) -> dict[str, str]:
    """Return the two files for a procedure; systemd never starts a service that still runs a second time."""
    pattern = pattern_of(header.schedule["rrule"])
    known = {"title": header.title.replace("%", "%%"), "environment": order.environment}
    command = " ".join(quoted(word) for word in (order.command, *order.arguments(header)))
    service = SERVICE.format(**known, user=order.user, command=command, seconds=seconds(header))
    timer = TIMER.format(**known, calendar=on_calendar(pattern, header.schedule["timezone"]))
    return {f"{order.name(header)}.service": service, f"{order.name(header)}.timer": timer}


def on_calendar(pattern: Pattern, zone: str) -> str:
    """Return the calendar expression: weekdays, date, clocks and zone."""
    weekdays = ",".join(SHORT[day] for day in pattern.weekdays)
    date = f"*-{joined(pattern.months)}{days(pattern)}"
    clocks = f"{joined(pattern.hours)}:{joined(pattern.minutes)}:00"
    return " ".join(part for part in (weekdays, date, clocks, zone) if part)


def days(pattern: Pattern) -> str:
    """Return the days of the month; weekday and day must both fit, so the first Sunday is one of the 1st to 7th."""
    if pattern.ordinal == LAST:
        return "~07/1"
    if pattern.ordinal:
        return f"-{7 * pattern.ordinal - 6:02}..{7 * pattern.ordinal:02}"
    return f"-{joined(pattern.month_days)}"


def joined(numbers: tuple[int, ...]) -> str:
    """Return numbers as a list, or the star for all."""
    return ",".join(f"{number:02}" for number in numbers) or "*"


def quoted(word: str) -> str:
    """Return a word as ExecStart reads it: nothing in it is a specifier, a variable or the end of the word."""
    plain = word.replace("%", "%%").replace("$", "$$")
    if re.fullmatch(r"[A-Za-z0-9_./:=@%+,-]+", plain):
        return plain
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
