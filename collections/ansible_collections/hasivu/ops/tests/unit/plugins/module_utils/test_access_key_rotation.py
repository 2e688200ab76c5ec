"""How far the rotation of a key is, which keys it lost, and when an old key may go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.access_key import Key, shown
from ansible_collections.hasivu.ops.plugins.module_utils.access_key_rotation import (
    key_standing,
    may_be_deleted_at,
    objections,
    orphans,
)

BEGUN = datetime(2026, 12, 6, 6, 14, 3, 500000, UTC)
OLD = Key("AKIAOLDXXXXXXXXXXOLD", "Active", BEGUN - timedelta(days=130), BEGUN - timedelta(hours=1))
NEW = Key("AKIANEWXXXXXXXXXXNEW", "Active", BEGUN + timedelta(seconds=9))
OFF = Key(OLD.name, "Inactive", OLD.created, OLD.used)
PENDING = {"new": ["AWSPENDING"], "old": ["AWSCURRENT"]}
PUBLISHED = {"new": ["AWSCURRENT"], "old": ["AWSPREVIOUS"]}


@pytest.mark.parametrize(
    ("stages", "new", "old", "state"),
    [
        ({"old": ["AWSCURRENT"]}, None, OLD, "S0"),
        (PENDING, None, OLD, "S1"),
        (PENDING, NEW, OLD, "S2"),
        (PUBLISHED, NEW, OLD, "S4"),
        (PUBLISHED, NEW, OFF, "S6"),
        (PUBLISHED, NEW, None, "S7"),
        (PUBLISHED, None, OLD, "broken"),
        ({"other": ["AWSPENDING"], "old": ["AWSCURRENT"]}, None, OLD, "foreign"),
        ({"other": ["AWSCURRENT"], "old": ["AWSPREVIOUS"]}, None, OLD, "moved"),
    ],
)
def test_a_rotation_is_told_from_stages_and_keys(
    stages: dict[str, list[str]], new: Key | None, old: Key | None, state: str
) -> None:
    found = key_standing(stages, "new", "old", new, old)
    assert found.state == state
    assert found.go_on == (state not in ("broken", "foreign", "moved"))


@pytest.mark.parametrize(
    ("key", "lost"),
    [
        (NEW, True),
        (Key(NEW.name, "Active", BEGUN.replace(microsecond=0)), True),
        (Key(NEW.name, "Active", BEGUN - timedelta(seconds=2)), False),
        (Key(NEW.name, "Active", NEW.created, used=BEGUN + timedelta(minutes=1)), False),
    ],
)
def test_a_lost_key_is_no_older_than_the_rotation_and_was_never_used(key: Key, lost: bool) -> None:
    assert orphans([OLD, key], {OLD.name}, BEGUN) == ([key] if lost else [])


def test_a_key_that_is_stored_is_not_lost() -> None:
    assert orphans([OLD, NEW], {OLD.name, NEW.name}, BEGUN) == []


def test_a_stranger_and_a_dead_key_speak_against_beginning() -> None:
    assert objections([OLD], OLD, []) == []
    assert objections([OLD, NEW], OLD, [NEW]) == []
    (stranger,) = objections([OLD, NEW], OLD, [])
    assert "AKIA...XNEW" in stranger
    assert NEW.name not in stranger
    assert "not active" in objections([OFF], OFF, [])[0]
    assert "not active" in objections([], None, [])[0]


def test_a_key_goes_some_days_after_its_last_use_and_after_its_successor_came() -> None:
    week = timedelta(days=7)
    assert may_be_deleted_at(OFF, NEW, 7) == NEW.created + week
    used_late = Key(OLD.name, "Inactive", OLD.created, NEW.created + timedelta(days=2))
    assert may_be_deleted_at(used_late, NEW, 7) == used_late.used + week
    never_used = Key(OLD.name, "Inactive", OLD.created)
    assert may_be_deleted_at(never_used, None, 0) == OLD.created


def test_of_an_id_only_its_ends_are_shown() -> None:
    assert shown("AKIAABCDEFGHIJKLMNOP") == "AKIA...MNOP"
    assert shown("") == ""
