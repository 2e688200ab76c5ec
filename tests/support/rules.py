"""Recurrence rules to try, and the days they mean, found by looking at every day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as some

from hasivu_play.schedule_pattern import WEEKDAYS, Pattern

INDIA = ZoneInfo("Asia/Kolkata")


def listed(values: some.SearchStrategy[object], most: int = 3) -> some.SearchStrategy[str]:
    """Give a part of a rule that lists a few values."""
    return some.lists(values, min_size=1, max_size=most, unique=True).map(lambda found: ",".join(map(str, found)))


CLOCKS = some.tuples(listed(some.integers(0, 23)), listed(some.integers(0, 59)))
DAYS = listed(some.sampled_from(WEEKDAYS))
ORDINAL_DAY = some.tuples(some.sampled_from(["1", "+1", "2", "3", "4", "-1"]), some.sampled_from(WEEKDAYS)).map("".join)
MONTHS = some.one_of(some.just(""), listed(some.integers(1, 12)).map("BYMONTH={};".format))
MONTH_DAYS = listed(some.integers(1, 31))
STEMS = some.one_of(
    some.just("FREQ=DAILY;"),
    DAYS.map("FREQ=DAILY;BYDAY={};".format),
    DAYS.map("FREQ=WEEKLY;INTERVAL=1;BYDAY={};".format),
    some.builds("FREQ=MONTHLY;{}BYMONTHDAY={};".format, MONTHS, MONTH_DAYS),
    some.builds("FREQ=MONTHLY;{}BYDAY={};BYMONTHDAY={};".format, MONTHS, DAYS, MONTH_DAYS),
    some.builds("FREQ=MONTHLY;{}BYDAY={};".format, MONTHS, ORDINAL_DAY),
    some.builds("FREQ=MONTHLY;INTERVAL={};BYDAY={};".format, some.sampled_from([2, 3, 4, 6, 12]), ORDINAL_DAY),
    some.builds("FREQ=YEARLY;BYMONTH={};BYDAY={};".format, some.integers(1, 12), ORDINAL_DAY),
    some.builds("FREQ=YEARLY;BYMONTH={};BYMONTHDAY={};".format, some.integers(1, 12), MONTH_DAYS),
)
RULES = some.builds(lambda stem, clocks: f"{stem}BYHOUR={clocks[0]};BYMINUTE={clocks[1]}", STEMS, CLOCKS)


def times_of(pattern: Pattern, begin: date, end: date) -> list[datetime]:
    """Return the times of a pattern, by asking of every day whether it fits."""
    days = [begin + timedelta(days=number) for number in range((end - begin).days)]
    return [
        datetime(day.year, day.month, day.day, hour, minute, tzinfo=INDIA)
        for day in days
        if fits(pattern, day)
        for hour, minute in pattern.clocks
    ]


def fits(pattern: Pattern, day: date) -> bool:
    """Tell whether a day is one of a pattern."""
    if pattern.months and day.month not in pattern.months:
        return False
    if pattern.month_days and day.day not in pattern.month_days:
        return False
    if pattern.weekdays and WEEKDAYS[day.weekday()] not in pattern.weekdays:
        return False
    if pattern.ordinal == -1:
        return day.day > monthrange(day.year, day.month)[1] - 7
    return not pattern.ordinal or (day.day - 1) // 7 + 1 == pattern.ordinal
