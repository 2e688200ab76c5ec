# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the points of a trend lie, and that a page says in words what it draws."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.report_options import misdated
from ansible_collections.hasivu.ops.plugins.module_utils.report_page import render
from ansible_collections.hasivu.ops.plugins.module_utils.report_trend import (
    BOTTOM,
    LEFT,
    MOST_LABELS,
    MOST_POINTS,
    RIGHT,
    TOP,
    layout,
)
from hypothesis import given
from hypothesis import strategies as st

FIRST = datetime.fromisoformat("2026-06-01T00:00:00+00:00")


def trend(*values: float | None, target: float | None = 3600.0) -> dict[str, Any]:
    points = [
        {"at": (FIRST + timedelta(days=30 * place)).isoformat(), "label": f"drill {place}", "value": value}
        for place, value in enumerate(values)
    ]
    return {"title": "RTO <over> time", "kind": "seconds", "target": target, "points": points}


def test_time_goes_to_the_right_and_more_goes_up() -> None:
    drawn = layout(trend(1800, 3600, 3000))
    xs, ys = ([point[axis] for point in drawn["points"]] for axis in "xy")
    assert xs == [LEFT, (LEFT + RIGHT) / 2, RIGHT]
    assert ys[1] < ys[2] < ys[0]
    assert drawn["target_y"] == ys[1]
    assert len(drawn["lines"]) == 2


def test_points_are_ordered_by_time_whatever_order_they_come_in() -> None:
    given_, turned = trend(1, 2, 3), trend(1, 2, 3)
    turned["points"].reverse()
    assert layout(turned)["points"] == layout(given_)["points"]


def test_what_is_over_the_target_is_marked_and_what_is_unknown_is_a_gap() -> None:
    drawn = layout(trend(3600, 3600.1, None, 10))
    assert [point["over"] for point in drawn["points"]] == [False, True, False, False]
    assert drawn["points"][2]["y"] is None
    assert len(drawn["lines"]) == 1


@pytest.mark.parametrize("values", [(), (5,), (None,), (0, 0)])
def test_few_points_and_none_can_be_drawn(values: tuple[float | None, ...]) -> None:
    for target in (None, 3600):
        assert len(layout(trend(*values, target=target))["points"]) == len(values)


def test_many_points_show_the_newest_and_label_the_first_the_last_and_the_highest() -> None:
    drawn = layout(trend(*range(MOST_POINTS), 9999, 5, 4))
    assert (len(drawn["points"]), drawn["left_out"]) == (MOST_POINTS, 3)
    assert [point["amount"] for point in drawn["points"] if point["labelled"]] == [3, 9999, 4]
    few = layout(trend(*range(MOST_LABELS)))
    assert all(point["labelled"] for point in few["points"])


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e9)), max_size=50), st.one_of(st.none(), st.floats(0, 1e9)))
def test_nothing_lies_outside_the_picture(values: list[float | None], target: float | None) -> None:
    drawn = layout(trend(*values, target=target))
    assert all(LEFT <= point["x"] <= RIGHT for point in drawn["points"])
    heights = [point["y"] for point in drawn["points"] if point["y"] is not None]
    assert all(TOP - 1 <= height <= BOTTOM for height in [*heights, drawn["target_y"] or BOTTOM])


def page(drawn: dict[str, Any]) -> str:
    empty = dict.fromkeys(("text", "facts", "findings", "table", "chart"))
    section = {"title": "Trend", **empty, "trend": drawn}
    known = {"title": "t", "outcome": "done", "verdict": "", "facts": [], "findings": []}
    return render({**known, "sections": [section], "written_at": "2026-11-01T00:00:00+00:00"})


def test_a_page_draws_the_trend_and_says_it_in_words() -> None:
    svg = re.search(r"<svg role=.*?</svg>", page(trend(1800, 3700, None)), re.DOTALL)
    assert svg
    picture = ElementTree.fromstring(svg[0])
    words = " ".join("".join(picture.itertext()).split())
    assert words.startswith(
        "RTO <over> time Target 60.0 min. 2026-06-01: 30.0 min. 2026-07-01: 61.7 min, over the target."
    )
    assert "2026-07-31: –." in words
    assert len(picture.findall("circle")) == 1
    assert picture.find("rect") is not None
    assert picture.get("aria-labelledby") == "trend1t trend1d"


def test_a_page_uses_no_colour_that_does_not_follow_the_reader() -> None:
    drawn = re.search(r"<svg role=.*?</svg>", page(trend(1800, 3700)), re.DOTALL)
    assert drawn
    assert not re.search(r"(fill|stroke)=|#[0-9a-f]{3}", drawn[0])


@pytest.mark.parametrize("at", ["soon", "2026-06-01", "2026-06-01T00:00:00"])
def test_a_point_without_a_time_is_refused(at: str) -> None:
    wrong = trend(1)
    wrong["points"][0]["at"] = at
    assert misdated(wrong) == "The trend RTO <over> time needs a time with its zone for drill 0."
    assert misdated(trend(1)) is None
