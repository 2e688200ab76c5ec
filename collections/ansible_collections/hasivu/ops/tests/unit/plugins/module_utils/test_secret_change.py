# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a new version holds, where stages go, and that a message quotes no value."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.secret import SecretError, foreign_pending, holder_of
from ansible_collections.hasivu.ops.plugins.module_utils.secret_change import (
    moved,
    new_text,
    taken_off,
    to_current,
    to_previous,
)

LOGIN = {"engine": "postgres", "host": "db", "port": 5432, "username": "a", "password": "old", "masterarn": "arn"}
PLAIN = {"whole": False, "copy": {}, "replace": {}}
PENDING = {"old": ["AWSCURRENT"], "new": ["AWSPENDING"]}
PUBLISHED = {"new": ["AWSCURRENT"], "old": ["AWSPREVIOUS"]}


def test_every_other_field_of_a_login_is_kept() -> None:
    text = new_text(json.dumps(LOGIN), "s", {**PLAIN, "replace": {"username": "b"}}, {"password": "new"})
    assert json.loads(text) == {**LOGIN, "username": "b", "password": "new"}


def test_an_old_value_can_be_kept_beside_the_new() -> None:
    text = new_text('{"key": "one"}', "s", {**PLAIN, "copy": {"previous": "key"}}, {"key": "two"})
    assert json.loads(text) == {"key": "two", "previous": "one"}


def test_a_value_without_fields_is_generated_whole() -> None:
    assert new_text("old", "s", {**PLAIN, "whole": True}, {"": "new"}) == "new"


@pytest.mark.parametrize("value", ["hunter2", '["hunter2"]', '{"hunter2'])
def test_a_value_that_is_no_login_is_refused_and_not_quoted(value: str) -> None:
    with pytest.raises(SecretError) as caught:
        new_text(value, "s", PLAIN, {"password": "new"})
    assert "hunter2" not in str(caught.value)


def test_publishing_swaps_and_takes_pending_off() -> None:
    moves, problem = to_current(PENDING, "new", "old")
    assert (moves, problem) == ([("AWSCURRENT", "new", "old"), ("AWSPENDING", None, "new")], "")
    assert moved(PENDING, moves) == PUBLISHED


def test_publishing_again_moves_nothing() -> None:
    assert to_current(PUBLISHED, "new", "old") == ([], "")
    left = {"new": ["AWSCURRENT", "AWSPENDING"], "old": ["AWSPREVIOUS"]}
    assert to_current(left, "new", "old") == ([("AWSPENDING", None, "new")], "")


def test_nothing_moves_when_somebody_else_moved_it() -> None:
    moves, problem = to_current({"third": ["AWSCURRENT"], "new": ["AWSPENDING"]}, "new", "old")
    assert moves == []
    assert "third" in problem
    assert to_previous({"third": ["AWSCURRENT"], "new": ["AWSPENDING"]}, "new", "old")[0] == []


@pytest.mark.parametrize(
    ("stages", "after"),
    [
        (PUBLISHED, {"old": ["AWSCURRENT"], "new": ["AWSPREVIOUS"]}),
        (PENDING, {"old": ["AWSCURRENT"]}),
        ({"old": ["AWSCURRENT"]}, {"old": ["AWSCURRENT"]}),
        (
            {"new": ["AWSCURRENT", "AWSPENDING"], "old": ["AWSPREVIOUS"]},
            {"old": ["AWSCURRENT"], "new": ["AWSPREVIOUS"]},
        ),
    ],
)
def test_taking_back_ends_with_the_old_version(stages: dict[str, list[str]], after: dict[str, list[str]]) -> None:
    moves, problem = to_previous(stages, "new", "old")
    assert problem == ""
    assert moved(stages, moves) == after
    assert to_previous(after, "new", "old") == ([], "")


def test_stages_are_told_apart() -> None:
    assert holder_of(PENDING, "AWSPENDING") == "new"
    assert foreign_pending(PENDING, "new") == ""
    assert foreign_pending(PENDING, "mine") == "new"
    assert foreign_pending({"old": ["AWSCURRENT", "AWSPENDING"]}, "mine") == ""
    assert taken_off(PENDING, "old") == []
