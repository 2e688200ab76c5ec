"""The next time of a schedule is right in India, whatever the clock of the machine."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from hasivu_play.errors import UsageError
from hasivu_play.schedule import describe, next_time

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
