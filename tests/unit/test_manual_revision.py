"""A revision of the manual is compared by what it says, and each change names the procedures that it touches."""

from dataclasses import replace

import pytest

from hasivu_play.coverage import Procedure
from hasivu_play.header import read_header
from hasivu_play.manual_revision import compare
from hasivu_play.manual_text import parse
from hasivu_play.project import installed_project

OLD = """
## Plates
### Weekly (2:00 AM)
#### 1. Wash
Wash with care.
```bash
# Wash
wash --degrees 40

# Dry
dry
```
### Daily
#### 1. Wipe
```bash
# Wipe the table
wipe
```
"""
HEADER = read_header(installed_project().playbook("rto-rpo"))


def procedure(name, sections, blocks=(), departures=()):
    covers = [{"block": block, "steps": ["Do it"]} for block in blocks]
    told = [{"from": [key], "manual": "It.", "here": "Not it."} for key in departures]
    return Procedure(replace(HEADER, id=name, sections=sections, covers=covers, departures=told), frozenset())


PROCEDURES = [
    procedure("washing", ["weekly/wash"], ["weekly/wash/wash"]),
    procedure("drying", ["weekly/wash"], ["weekly/wash/dry"]),
    procedure("towels", ["weekly/wash"], departures=["weekly/wash/dry"]),
    procedure("wiping", ["daily/wipe"]),
]


def changes(*edits):
    new = OLD
    for old_words, new_words in edits:
        assert old_words in new
        new = new.replace(old_words, new_words)
    found = compare(parse(OLD), parse(new), PROCEDURES, {"daily/wipe/wipe-the-table": "daily-wipe"})
    return [(change.kind, change.key, change.procedures) for change in found]


def test_the_same_revision_differs_nowhere():
    assert changes() == []


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([("--degrees 40", "--degrees 60")], [("changed", "weekly/wash/wash", ["washing"])]),
        ([("\ndry\n", "\ndry --gently\n")], [("changed", "weekly/wash/dry", ["drying", "towels"])]),
        ([("# Dry\ndry\n", "")], [("removed", "weekly/wash/dry", ["drying", "towels"])]),
        (
            [("# Dry\n", "# Stack\nstack\n\n# Dry\n")],
            [("added", "weekly/wash/stack", ["drying", "towels", "washing"])],
        ),
        ([("(2:00 AM)", "(3:00 AM)")], [("changed", "weekly", ["drying", "towels", "washing"])]),
        ([("with care", "in haste")], [("changed", "weekly/wash", ["drying", "towels", "washing"])]),
        ([("wipe\n", "wipe twice\n")], [("changed", "daily/wipe/wipe-the-table", ["wiping"])]),
        (
            [("# Wash\nwash --degrees 40\n\n# Dry\ndry\n", "# Dry\ndry\n\n# Wash\nwash --degrees 40\n")],
            [("reordered", "weekly/wash", ["drying", "towels", "washing"])],
        ),
        (
            [("#### 1. Wipe", "#### 1. Tables")],
            [
                ("removed", "daily/wipe", ["wiping"]),
                ("added", "daily/tables", []),
                ("moved", "daily/wipe/wipe-the-table", ["wiping"]),
            ],
        ),
    ],
)
def test_a_difference_is_told_once_with_whom_it_touches(edits, expected):
    assert changes(*edits) == expected


def test_two_blocks_that_say_the_same_move_one_for_one():
    old = parse("## A\n```\n# Look\nls\n```\n## B\n```\n# Look\nls\n```\n")
    new = parse("## C\n```\n# Look\nls\n```\n## D\n```\nother\n```\n")
    kinds = [change.kind for change in compare(old, new, [], {}) if "/" in change.key]
    assert sorted(kinds) == ["added", "moved", "removed"]


def test_a_change_says_which_procedure_the_block_was_left_to():
    new = parse(OLD.replace("wipe\n", "wipe twice\n"))
    (change,) = compare(parse(OLD), new, [], {"daily/wipe/wipe-the-table": "daily-wipe"})
    assert (change.planned, change.before[1], change.after[1]) == ("daily-wipe", "wipe", "wipe twice")
