"""A recurrence rule as the days and clocks that a timer knows, or why no timer knows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

from hasivu_play.errors import UsageError

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
KNOWN = frozenset(
    {"FREQ", "INTERVAL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "BYHOUR", "BYMINUTE", "BYSECOND", "WKST"}
)
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
BY_DAY = re.compile(r"([+-]?\d+)?(MO|TU|WE|TH|FR|SA|SU)")
LAST = -1


@dataclass(frozen=True)
class Pattern:
    """The clocks of certain days; an empty tuple means every month, weekday or day."""

    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[str, ...] = ()
    ordinal: int = 0  # the first, second, third or fourth of such weekdays in a month, or the last (-1)

    @property
    def clocks(self) -> list[tuple[int, int]]:
        """Return the times of a day as hours and minutes."""
        return sorted(product(self.hours, self.minutes))


def pattern_of(rule: str) -> Pattern:
    """Return the days and clocks of a rule."""
    parts = parts_of(rule)
    refuse_unknown(rule, parts)
    weekdays, ordinal = weekdays_of(rule, parts)
    found = Pattern(
        hours=numbers(rule, parts, "BYHOUR", 0, 23),
        minutes=numbers(rule, parts, "BYMINUTE", 0, 59),
        months=months_of(rule, parts),
        month_days=numbers(rule, parts, "BYMONTHDAY", 1, 31),
        weekdays=weekdays,
        ordinal=ordinal,
    )
    refuse_impossible(rule, parts, found)
    return found


def parts_of(rule: str) -> dict[str, str]:
    """Return the parts of a rule by name."""
    pairs = [part.partition("=") for part in rule.split(";")]
    parts = {name: value for name, _equals, value in pairs}
    if len(parts) < len(pairs) or not all(equals and value for _name, equals, value in pairs):
        raise no_timer(rule, "it has a part without a value, or one part twice")
    return parts


def refuse_unknown(rule: str, parts: dict[str, str]) -> None:
    """Refuse what ends, what needs seconds, and what depends on more than the calendar."""
    unknown = sorted(set(parts) - KNOWN)
    if unknown:
        raise no_timer(rule, f"{unknown[0]} has no equal there")
    if parts.get("FREQ") not in FREQUENCIES:
        raise no_timer(rule, f"FREQ must be one of {', '.join(FREQUENCIES)}")
    if "BYHOUR" not in parts or "BYMINUTE" not in parts:
        raise no_timer(rule, "it needs BYHOUR and BYMINUTE, or its time depends on when it was first started")
    if parts.get("BYSECOND", "0") != "0":
        raise no_timer(rule, "it starts within a minute")


def numbers(rule: str, parts: dict[str, str], name: str, least: int, most: int) -> tuple[int, ...]:
    """Return the numbers of a part in their order."""
    try:
        found = sorted({int(text) for text in parts[name].split(",")} if name in parts else set())
    except ValueError:
        raise no_timer(rule, f"{name} holds something that is no number") from None
    if found and not least <= found[0] <= found[-1] <= most:
        raise no_timer(rule, f"{name} must be {least} to {most}")
    return tuple(found)


def months_of(rule: str, parts: dict[str, str]) -> tuple[int, ...]:
    """Return the months; an interval of months that divides a year counts from January."""
    months = numbers(rule, parts, "BYMONTH", 1, 12)
    interval = numbers(rule, parts, "INTERVAL", 1, 12) or (1,)
    if len(interval) > 1 or (interval[0] > 1 and (parts["FREQ"] != "MONTHLY" or 12 % interval[0] or months)):
        raise no_timer(
            rule, "only an INTERVAL of 2, 3, 4, 6 or 12 months without BYMONTH falls on the same days each year"
        )
    return months if interval[0] == 1 else tuple(range(1, 13, interval[0]))


def weekdays_of(rule: str, parts: dict[str, str]) -> tuple[tuple[str, ...], int]:
    """Return the weekdays in their order, and which of them in a month is meant."""
    found = [BY_DAY.fullmatch(text) for text in parts["BYDAY"].split(",")] if "BYDAY" in parts else []
    if not all(found):
        raise no_timer(rule, "BYDAY must be days such as SU or 1SU")
    ordinals = {int(one[1] or 0) for one in found if one} or {0}
    if "BYSETPOS" in parts:
        ordinals = {numbers(rule, parts, "BYSETPOS", -1, 4)[0]} if ordinals == {0} else ordinals | {0, 1}
    if len(ordinals) > 1 or not ordinals <= {0, 1, 2, 3, 4, LAST}:
        raise no_timer(rule, "it may name the first to fourth or the last of one weekday, and no other")
    days = {one[2] for one in found if one}
    return tuple(day for day in WEEKDAYS if day in days), ordinals.pop()


def refuse_impossible(rule: str, parts: dict[str, str], found: Pattern) -> None:
    """Refuse what would depend on the day on which the rule was first used, or mean more than one thing."""
    frequency = parts["FREQ"]
    if frequency == "WEEKLY" and not found.weekdays:
        raise no_timer(rule, "a weekly rule needs BYDAY")
    if frequency == "WEEKLY" and found.month_days:
        raise no_timer(rule, "RFC 5545 gives a weekly rule no BYMONTHDAY")
    if frequency in ("MONTHLY", "YEARLY") and not (found.month_days or found.ordinal):
        raise no_timer(rule, f"a {frequency.lower()} rule needs BYMONTHDAY, or a weekday such as 1SU")
    if frequency == "YEARLY" and not found.months:
        raise no_timer(rule, "a yearly rule needs BYMONTH")
    if found.ordinal and (frequency in ("DAILY", "WEEKLY") or len(found.weekdays) != 1 or found.month_days):
        raise no_timer(rule, "the first of a weekday needs a month, one weekday, and no BYMONTHDAY")
    if "BYSETPOS" in parts and len(found.clocks) > 1:
        raise no_timer(rule, "BYSETPOS counts times and not days, so it needs one clock; write 1SU instead")


def no_timer(rule: str, reason: str) -> UsageError:
    """Return the error for a rule that no timer can follow."""
    return UsageError(f"'{rule}' has no equal in systemd, cron and AWX: {reason}. Write it as docs/schedules.md says.")
