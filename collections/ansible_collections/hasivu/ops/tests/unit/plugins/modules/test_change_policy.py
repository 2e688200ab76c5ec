# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the policy of an environment allows, at which time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.modules.change_policy import (
    INDIA,
    PLACEHOLDER,
    is_inside,
    objections_to,
)

LUNCH = {"name": "lunch", "from": "10:30", "to": "14:30"}
OPTIONS: dict[str, Any] = {"runbook": {"id": "weekly-db", "risk": "safe", "inputs": {}}, "inputs": {}}
NIGHT = {"name": "night", "from": "23:00", "to": "01:00", "days": ["sat"]}


def india(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=INDIA)


@pytest.mark.parametrize(
    ("window", "moment", "inside"),
    [
        (LUNCH, "2026-11-23T10:29:59", False),
        (LUNCH, "2026-11-23T10:30:00", True),
        (LUNCH, "2026-11-23T14:29:59", True),
        (LUNCH, "2026-11-23T14:30:00", False),
        (NIGHT, "2026-11-21T23:30:00", True),
        (NIGHT, "2026-11-22T00:59:00", True),
        (NIGHT, "2026-11-22T01:00:00", False),
        (NIGHT, "2026-11-22T23:30:00", False),
        ({"name": "all day", "from": "00:00", "to": "24:00"}, "2026-11-22T23:59:59", True),
    ],
)
def test_a_window_begins_and_ends_in_india(window: dict[str, Any], moment: str, inside: bool) -> None:
    assert is_inside(window, india(moment)) is inside


def test_an_objection_says_when_the_run_becomes_possible() -> None:
    options = {**OPTIONS, "policy": {"freeze_windows": [LUNCH]}, "ticket": ""}
    assert objections_to(options, "safe", india("2026-11-23T12:00:00")) == [
        "Changes are frozen from 10:30 to 14:30 IST (lunch); it is 12:00. Run again after 2026-11-23 14:30 IST."
    ]


def test_a_blank_ticket_is_no_ticket() -> None:
    options = {**OPTIONS, "policy": {"requires": {"safe": ["ticket"]}}, "ticket": "  "}
    assert len(objections_to(options, "safe", india("2026-11-23T02:00:00"))) == 1
    assert objections_to({**options, "ticket": "OPS-1"}, "safe", india("2026-11-23T02:00:00")) == []


def test_approvals_are_asked_for_by_another_module() -> None:
    options = {**OPTIONS, "policy": {"requires": {"safe": ["ticket", "one_approval"]}}, "ticket": "OPS-1"}
    assert objections_to(options, "safe", india("2026-11-23T02:00:00")) == []


@pytest.mark.parametrize("value", ["", "123456789012", "REPLACE_WITH_UID", "NEW_PASSWORD", "change_me", "<account>"])
def test_placeholders_are_known(value: str) -> None:
    assert PLACEHOLDER.search(value)


def test_a_real_value_is_no_placeholder() -> None:
    assert not PLACEHOLDER.search("204867531290")
