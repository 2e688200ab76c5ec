"""The next time of a schedule is right in India, whatever the clock of the machine."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hasivu_play.errors import UsageError
from hasivu_play.header import read_header
from hasivu_play.project import installed_project
from hasivu_play.schedule import describe, next_time, times

INDIA = ZoneInfo("Asia/Kolkata")
UTC = ZoneInfo("UTC")


def at(rule, *moment, zone=INDIA):
    return next_time({"rrule": rule, "timezone": "Asia/Kolkata"}, datetime(*moment, tzinfo=zone))


@pytest.mark.parametrize(
    ("rule", "after", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0;BYSECOND=0", (2026, 11, 24, 4, 0), (2026, 11, 29, 2, 0)),
        ("FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0;BYSECOND=0", (2026, 11, 29, 1, 59), (2026, 11, 29, 2, 0)),
        ("FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0;BYSECOND=0", (2026, 11, 29, 2, 0), (2026, 12, 6, 2, 0)),
        ("FREQ=DAILY;BYHOUR=0,6,15,19;BYMINUTE=0;BYSECOND=0", (2026, 11, 24, 6, 30), (2026, 11, 24, 15, 0)),
        ("FREQ=MONTHLY;BYDAY=1SU;BYHOUR=6;BYMINUTE=0;BYSECOND=0", (2026, 10, 20, 0, 0), (2026, 11, 1, 6, 0)),
        ("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1;BYHOUR=9;BYMINUTE=0;BYSECOND=0", (2026, 11, 24, 0), (2027, 1, 1, 9)),
    ],
)
def test_the_next_time_is_the_rules_own(rule, after, expected):
    assert at(rule, *after) == datetime(*expected, tzinfo=INDIA)


def test_the_first_sunday_is_indias_and_not_utcs():
    found = at("FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2;BYMINUTE=0;BYSECOND=0", 2026, 10, 31, 20, 0, zone=UTC)
    assert found == datetime(2026, 11, 1, 2, 0, tzinfo=INDIA)


def test_a_procedure_on_demand_has_no_next_time():
    assert next_time({"on_demand": True}) is None
    assert describe({"on_demand": True}) == "on demand"


def test_a_time_is_written_with_day_and_zone():
    schedule = {"rrule": "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0;BYSECOND=0", "timezone": "Asia/Kolkata"}
    assert describe(schedule, datetime(2026, 11, 24, tzinfo=UTC)) == "Sun 29 Nov 2026 02:00 IST"


def test_a_rule_that_is_none_is_refused():
    with pytest.raises(UsageError, match="is no recurrence rule"):
        at("FREQ=FORTNIGHTLY", 2026, 11, 24)


def first_sunday(year, month):
    """Count from the weekday of the first, without any recurrence rule."""
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7)


MONTHLY = read_header(installed_project().playbook("monthly-security")).schedule
MONTHS = [(year, month) for year in range(2024, 2036) for month in range(1, 13)]


def test_every_first_sunday_through_2035_is_right():
    found = times(MONTHLY, datetime(2024, 1, 1, tzinfo=INDIA), datetime(2036, 1, 1, tzinfo=INDIA))
    assert [moment.date() for moment in found] == [first_sunday(*month) for month in MONTHS]
    assert {(moment.hour, moment.minute, moment.tzinfo) for moment in found} == {(6, 0, INDIA)}


@given(some.datetimes(datetime(2024, 1, 1), datetime(2035, 12, 1), timezones=some.sampled_from([UTC, INDIA])))
def test_the_next_first_sunday_is_right_from_any_moment(moment):
    after = moment.astimezone(INDIA)
    sundays = (first_sunday(*month) for month in MONTHS)
    expected = (datetime(day.year, day.month, day.day, 6, tzinfo=INDIA) for day in sundays)
    assert next_time(MONTHLY, moment) == next(one for one in expected if one > after)


@pytest.mark.parametrize("day", [(2026, 2, 1), (2026, 3, 1), (2026, 11, 1), (2027, 8, 1)])
def test_a_first_sunday_that_is_the_first_lies_in_the_month_before_in_utc(day):
    rule = {"rrule": "FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2;BYMINUTE=0", "timezone": "Asia/Kolkata"}
    [found] = times(rule, datetime(*day, tzinfo=INDIA), datetime(*day, 23, tzinfo=INDIA))
    assert found.astimezone(UTC).date() == date(*day) - timedelta(days=1)


def test_the_times_of_a_stretch_hold_its_beginning_and_not_its_end():
    rule = {"rrule": "FREQ=DAILY;BYHOUR=0,12;BYMINUTE=0", "timezone": "Asia/Kolkata"}
    found = times(rule, datetime(2026, 11, 1, 12, tzinfo=INDIA), datetime(2026, 11, 3, 0, tzinfo=INDIA))
    assert [(moment.day, moment.hour) for moment in found] == [(1, 12), (2, 0), (2, 12)]


def test_what_runs_on_demand_has_no_times():
    assert times({"on_demand": True}, datetime(2026, 1, 1, tzinfo=INDIA), datetime(2027, 1, 1, tzinfo=INDIA)) == []
