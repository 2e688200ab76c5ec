"""The time of a run: the earliest of its limits, counted from the start of the window."""

from __future__ import annotations

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_window import open_window

SUNDAY = "2026-11-22T02:00:00+05:30"
CASES = [
    ("the budget", (SUNDAY, 45, None, None), "2026-11-21T21:15:00+00:00"),
    ("a resumed run keeps the window", ("2026-11-21T20:30:00Z", 45, None, None), "2026-11-21T21:15:00+00:00"),
    ("the hard stop", (SUNDAY, 120, None, "02:50"), "2026-11-21T21:20:00+00:00"),
    ("a hard stop that has passed is tomorrow's", (SUNDAY, 45, None, "01:00"), "2026-11-21T21:15:00+00:00"),
    ("the deadline", (SUNDAY, 45, "2026-11-21T20:40:00Z", "02:50"), "2026-11-21T20:40:00+00:00"),
]


@pytest.mark.parametrize(("limits", "deadline"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_earliest_limit_counts(limits, deadline):
    assert open_window(*limits, "Asia/Kolkata").deadline.isoformat() == deadline


@pytest.mark.parametrize(
    "limits", [("2026-11-22 02:00", 45, None, None), (SUNDAY, 45, "soon", None), (SUNDAY, 45, None, "25:00")]
)
def test_a_badly_written_time_is_an_error(limits):
    with pytest.raises(ValueError, match=r".+"):
        open_window(*limits, "Asia/Kolkata")
