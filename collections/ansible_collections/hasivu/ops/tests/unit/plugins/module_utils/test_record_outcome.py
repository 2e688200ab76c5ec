# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The first failure that no rescue made good decides how a run ended."""

from __future__ import annotations

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.record_outcome import Failure, Outcome, Place, failure_class

WORK = Place((("outer", "block", True),))
INNER = Place((("inner", "block", True), ("outer", "block", True)))
INNER_RESCUE = Place((("inner", "rescue", True), ("outer", "block", True)))
OUTER_RESCUE = Place((("outer", "rescue", True),))
ALWAYS = Place((("outer", "always", True),))


def ending_of(*failures: tuple[str, Place, str]) -> tuple[str, str | None, list[int]]:
    """Return state, step that decided and steps that were rescued, after failures of name, place and class."""
    outcome = Outcome()
    for number, (name, place, kind) in enumerate(failures, 1):
        outcome.fail(Failure(number, "host", name, "", kind, place), rescuable=kind != "unreachable")
    ending = outcome.ending() if not any(kind == "unreachable" for *_rest, kind in failures) else {}
    cause = outcome.cause()
    return ending.get("state", "?"), cause.name if cause else None, outcome.rescued()


@pytest.mark.parametrize(
    ("failures", "ending"),
    [
        ([], ("done", None, [])),
        ([("a", Place(), "finding")], ("finding", "a", [])),
        ([("a", WORK, "refused")], ("done", None, [1])),
        ([("a", WORK, "refused"), ("stop", OUTER_RESCUE, "resumable")], ("refused", "a", [])),
        ([("a", INNER, "locked"), ("b", WORK, "finding")], ("done", None, [1, 2])),
        ([("a", INNER, "locked"), ("b", WORK, "finding"), ("stop", OUTER_RESCUE, "resumable")], ("finding", "b", [1])),
        ([("a", INNER, "locked"), ("stop", INNER_RESCUE, "resumable")], ("done", None, [1])),
        (
            [("a", INNER, "budget"), ("x", INNER_RESCUE, "resumable"), ("stop", OUTER_RESCUE, "resumable")],
            ("budget_spent", "a", []),
        ),
        ([("a", WORK, "locked"), ("stop", OUTER_RESCUE, "resumable"), ("z", ALWAYS, "decision")], ("locked", "a", [])),
        ([("a", ALWAYS, "decision")], ("needs_decision", "a", [])),
    ],
)
def test_the_cause_is_found(failures: list[tuple[str, Place, str]], ending: tuple[str, str | None, list[int]]) -> None:
    assert ending_of(*failures) == ending


def test_a_host_that_does_not_answer_is_not_rescued() -> None:
    assert ending_of(("a", WORK, "unreachable"))[1] == "a"


def test_a_rescue_belongs_to_the_failure_of_its_own_host() -> None:
    outcome = Outcome()
    outcome.fail(Failure(1, "one", "a", "", "finding", WORK))
    outcome.fail(Failure(1, "two", "a", "", "locked", WORK))
    outcome.fail(Failure(2, "two", "stop", "", "resumable", OUTER_RESCUE))
    assert outcome.ending()["state"] == "locked"


@pytest.mark.parametrize(
    ("action", "guard", "stop", "kind"),
    [
        ("ansible.builtin.assert", False, None, "finding"),
        ("ansible.builtin.assert", True, None, "refused"),
        ("ansible.builtin.command", False, None, "resumable"),
        ("hasivu.ops.db_vacuum", False, "budget", "budget"),
        ("hasivu.ops.lease", True, "locked", "locked"),
        ("hasivu.ops.lease", False, "nonsense", "resumable"),
    ],
)
def test_a_failure_has_a_class(action: str, guard: bool, stop: str | None, kind: str) -> None:
    assert failure_class(action, guard, stop) == kind
