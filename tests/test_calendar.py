"""The calendars of the environments obey their rules, and timers can start every procedure that runs by time."""

from datetime import UTC, datetime

import pytest
import yaml

from hasivu_play.header import read_header
from hasivu_play.project import installed_project
from hasivu_play.schedule_calendar import procedure_entries, read_calendar
from hasivu_play.schedule_export import STYLES
from hasivu_play.schedule_lint import lint
from hasivu_play.schedule_order import Order
from hasivu_play.schedule_slot import INDIA, slots

PROJECT = installed_project()
ENVIRONMENTS = PROJECT.environments()
NOW = datetime(2026, 11, 26, tzinfo=UTC)
YEARS = 365 * 9


def variables_of(environment):
    folder = PROJECT.inventory(environment) / "group_vars" / "all"
    files = ("calendar.yml", "policy.yml")
    return {name: value for file in files for name, value in yaml.safe_load((folder / file).read_text()).items()}


def production():
    return read_calendar(PROJECT, variables_of("production"))


def slots_of(name, begin, end):
    [entry] = [entry for entry in production().entries if entry.name == name]
    return list(slots(entry, begin, end))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_meets_that_must_not_in_the_year_ahead(environment):
    problems = lint(read_calendar(PROJECT, variables_of(environment)), NOW)
    assert [problem.in_words for problem in problems if not problem.accepted] == []


def test_nothing_meets_that_must_not_through_2035():
    problems = lint(production(), NOW, YEARS)
    assert [problem.in_words for problem in problems if not problem.accepted] == []


def test_the_weekly_maintenance_of_the_database_is_over_before_the_full_backup():
    begin, end = datetime(2026, 12, 1, tzinfo=INDIA), datetime(2036, 1, 1, tzinfo=INDIA)
    ends = {slot.start.date(): slot.latest_end for slot in slots_of("weekly-db", begin, end)}
    starts = {slot.start.date(): slot.start for slot in slots_of("full backup", begin, end)}
    assert ends.keys() == starts.keys()
    assert all(ends[day] < starts[day] for day in ends)


def test_the_calendar_is_that_of_the_operations_manual_as_it_was_resolved():
    begin, end = datetime(2026, 12, 6, tzinfo=INDIA), datetime(2026, 12, 7, tzinfo=INDIA)
    told = {entry.name: [f"{slot.start:%H:%M}" for slot in slots(entry, begin, end)] for entry in production().entries}
    assert (
        told
        | {
            "database snapshot": ["00:00", "06:00", "15:00", "19:00"],
            "configuration backup": ["01:15"],
            "weekly-db": ["02:00"],
            "full backup": ["03:00"],
            "RDS backup window": ["03:30"],
            "RDS maintenance window": ["05:00"],
            "monthly-security": ["06:00"],
        }
        == told
    )


@pytest.mark.parametrize("style", STYLES)
def test_every_procedure_that_runs_by_time_is_exported(style):
    names = [entry.name for entry in procedure_entries(PROJECT, "")]
    assert names
    headers = [read_header(PROJECT.playbook(name)) for name in names]
    files = STYLES[style].write(headers, Order("production", image="an-image"), NOW)
    text = "".join(f"{name} {content}" for name, content in files.items())
    assert [name for name in names if f"hasivu-play-{name}-production" not in text] == []
