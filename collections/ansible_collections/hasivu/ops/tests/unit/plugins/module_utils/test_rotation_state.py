# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far a rotation is: each row of the table by which a run is resumed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.rotation_objection import (
    interval_objection,
    role_objections,
    secret_objections,
)
from ansible_collections.hasivu.ops.plugins.module_utils.rotation_state import (
    Seen,
    note_version,
    noted_version,
    old_version_of,
    standing,
)

BEFORE = {"old": ["AWSCURRENT"]}
PENDING = {"old": ["AWSCURRENT"], "new": ["AWSPENDING"]}
PUBLISHED = {"new": ["AWSCURRENT"], "old": ["AWSPREVIOUS"]}
PAIR = ["hasivu_app_a", "hasivu_app_b"]
NOW = datetime(2026, 12, 6, 6, tzinfo=UTC)


def seen(stages: dict[str, list[str]], **more: Any) -> Seen:
    return Seen(**{"stages": stages, "version_id": "new", "old_version": "old", "new_works": False, **more})


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (seen(BEFORE), "S0"),
        (seen({"older": ["AWSPREVIOUS"], "old": ["AWSCURRENT", "AWSPENDING"]}), "S0"),
        (seen(PENDING), "S1"),
        (seen(PENDING, new_works=True), "S2"),
        (seen(PUBLISHED, new_works=True), "S4"),
        (seen({"new": ["AWSCURRENT", "AWSPENDING"], "old": ["AWSPREVIOUS"]}, new_works=True), "S4"),
        (seen(PUBLISHED, new_works=True, old_open=False, old_sessions=2), "S6"),
        (seen(PUBLISHED, new_works=True, old_open=False), "S7"),
        (seen(PENDING, alternating=False), "S1"),
        (seen(PENDING, alternating=False, new_works=True), "S2"),
        (seen(PUBLISHED, alternating=False, new_works=True), "S7"),
    ],
)
def test_a_rotation_goes_on_from_where_it_is(found: Seen, state: str) -> None:
    assert (standing(found).state, standing(found).go_on) == (state, True)


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (seen({"old": ["AWSCURRENT"], "other": ["AWSPENDING"]}), "foreign"),
        (seen({"new": ["AWSCURRENT"], "other": ["AWSPENDING"], "old": ["AWSPREVIOUS"]}, new_works=True), "foreign"),
        (seen({"third": ["AWSCURRENT"], "new": ["AWSPENDING"], "old": ["AWSPREVIOUS"]}), "moved"),
        (seen({"third": ["AWSCURRENT"], "new": ["AWSPREVIOUS"]}, new_works=True), "moved"),
        (seen({}), "moved"),
        (seen(PUBLISHED), "broken"),
    ],
)
def test_a_person_decides_where_somebody_else_had_a_hand_in(found: Seen, state: str) -> None:
    assert (standing(found).state, standing(found).go_on) == (state, False)


def test_the_old_version_is_what_was_noted_and_else_what_aws_shows() -> None:
    assert old_version_of(BEFORE, "new", "") == "old"
    assert old_version_of(PUBLISHED, "new", "") == "old"
    assert old_version_of({"third": ["AWSCURRENT"]}, "new", "old") == "old"


def test_a_note_is_found_again_and_one_of_another_rotation_is_not(tmp_path: Any) -> None:
    note_version(str(tmp_path / "note.json"), "new", "old")
    (tmp_path / "torn.json").write_text('{"version_id": "ne')
    paths = ["", str(tmp_path / "missing.json"), str(tmp_path / "torn.json"), str(tmp_path / "note.json")]
    assert noted_version(paths, "new") == "old"
    assert noted_version(paths, "another") == ""


def test_a_sound_secret_raises_no_objection() -> None:
    assert secret_objections({"Name": "s", "RotationEnabled": False}, "Enabled") == []


@pytest.mark.parametrize(
    ("description", "key_state", "words"),
    [
        ({"DeletedDate": NOW}, "Enabled", "scheduled for deletion"),
        ({}, "Disabled", "KMS key of s is Disabled"),
        ({}, "PendingDeletion", "KMS key of s is PendingDeletion"),
        ({"RotationEnabled": True, "RotationLambdaARN": "arn:f"}, "Enabled", "rotated by arn:f. Use RotateSecret"),
    ],
)
def test_what_is_wrong_with_a_secret_is_said(description: dict[str, Any], key_state: str, words: str) -> None:
    (sentence,) = secret_objections({"Name": "s", **description}, key_state)
    assert words in sentence


def test_two_rotations_lie_apart() -> None:
    assert interval_objection(NOW - timedelta(days=7), 7, NOW) == []
    (sentence,) = interval_objection(NOW - timedelta(days=2), 7, NOW)
    assert "2.0 days ago" in sentence


def test_roles_that_are_not_as_they_must_be_are_named() -> None:
    assert role_objections(PAIR, "hasivu_app_a", current_works=True, idle_sessions=0) == []
    found = role_objections(PAIR, "hasivu_admin", current_works=False, idle_sessions=3)
    assert [any(words in sentence for sentence in found) for words in ("hasivu_admin", "does not work", "3 sessions")]
    assert len(found) == 3
