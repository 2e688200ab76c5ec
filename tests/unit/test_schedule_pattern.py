"""A rule and its pattern mean the same times, and a rule without an equal in timers is refused."""

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from support.rules import INDIA, RULES, times_of

from hasivu_play.errors import UsageError
from hasivu_play.schedule import times
from hasivu_play.schedule_pattern import Pattern, pattern_of

CLOCK = "BYHOUR=6;BYMINUTE=0"


@given(RULES)
@settings(max_examples=60, deadline=None)
def test_a_pattern_means_the_times_of_its_rule(rule):
    schedule = {"rrule": rule, "timezone": "Asia/Kolkata"}
    found = times(schedule, datetime(2027, 1, 1, tzinfo=INDIA), datetime(2029, 1, 1, tzinfo=INDIA))
    assert found == times_of(pattern_of(rule), date(2027, 1, 1), date(2029, 1, 1))


def test_the_first_sunday_may_be_written_in_two_ways():
    expected = Pattern(hours=(6,), minutes=(0,), weekdays=("SU",), ordinal=1)
    assert pattern_of(f"FREQ=MONTHLY;BYDAY=+1SU;{CLOCK}") == expected
    assert pattern_of(f"FREQ=MONTHLY;BYDAY=SU;BYSETPOS=1;{CLOCK}") == expected


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("FREQ=DAILY", "it needs BYHOUR and BYMINUTE"),
        ("FREQ=DAILY;BYHOUR=6", "it needs BYHOUR and BYMINUTE"),
        (f"FREQ=HOURLY;{CLOCK}", "FREQ must be one of"),
        (f"FREQ=DAILY;COUNT=3;{CLOCK}", "COUNT has no equal"),
        (f"FREQ=DAILY;UNTIL=20270101T000000Z;{CLOCK}", "UNTIL has no equal"),
        (f"FREQ=DAILY;INTERVAL=2;{CLOCK}", "only an INTERVAL of 2, 3, 4, 6 or 12 months"),
        (f"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;{CLOCK}", "only an INTERVAL of 2, 3, 4, 6 or 12 months"),
        (f"FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=1;{CLOCK}", "only an INTERVAL of 2, 3, 4, 6 or 12 months"),
        (f"FREQ=WEEKLY;{CLOCK}", "a weekly rule needs BYDAY"),
        (f"FREQ=WEEKLY;BYDAY=SU;BYMONTHDAY=1;{CLOCK}", "gives a weekly rule no BYMONTHDAY"),
        (f"FREQ=WEEKLY;BYDAY=1SU;{CLOCK}", "the first of a weekday needs a month"),
        (f"FREQ=MONTHLY;BYDAY=SU;{CLOCK}", "a monthly rule needs BYMONTHDAY"),
        (f"FREQ=MONTHLY;BYDAY=5SU;{CLOCK}", "the first to fourth or the last"),
        (f"FREQ=MONTHLY;BYDAY=1SU,2SU;{CLOCK}", "the first to fourth or the last"),
        (f"FREQ=MONTHLY;BYDAY=1SU,1MO;{CLOCK}", "the first of a weekday needs a month, one weekday"),
        (f"FREQ=MONTHLY;BYDAY=1SU;BYMONTHDAY=1;{CLOCK}", "and no BYMONTHDAY"),
        ("FREQ=MONTHLY;BYDAY=SU;BYSETPOS=1;BYHOUR=6,18;BYMINUTE=0", "BYSETPOS counts times"),
        (f"FREQ=MONTHLY;BYMONTHDAY=-1;{CLOCK}", "BYMONTHDAY must be 1 to 31"),
        (f"FREQ=YEARLY;BYDAY=1SU;{CLOCK}", "a yearly rule needs BYMONTH"),
        (f"FREQ=YEARLY;BYYEARDAY=1;{CLOCK}", "BYYEARDAY has no equal"),
        (f"FREQ=DAILY;BYDAY=XX;{CLOCK}", "BYDAY must be days"),
        (f"FREQ=DAILY;{CLOCK};BYSECOND=30", "it starts within a minute"),
        (f"FREQ=DAILY;{CLOCK};BYMINUTE=5", "one part twice"),
        ("FREQ=DAILY;BYHOUR=six;BYMINUTE=0", "BYHOUR holds something that is no number"),
        ("FREQ=DAILY;BYHOUR=24;BYMINUTE=0", "BYHOUR must be 0 to 23"),
    ],
)
def test_a_rule_without_an_equal_is_refused(rule, reason):
    with pytest.raises(UsageError, match=reason):
        pattern_of(rule)
