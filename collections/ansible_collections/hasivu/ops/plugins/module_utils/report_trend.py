# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the points of a trend lie. Lengths are in percent of the width, so that letters keep their size on a phone."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_values import IST, NOTHING, shown

TOP, BOTTOM, HEIGHT = 22, 132, 160
LEFT, RIGHT = 4.0, 94.0
HEADROOM = 1.1
MOST_POINTS = 40
MOST_LABELS = 8
Point = dict[str, Any]


def layout(trend: dict[str, Any]) -> dict[str, Any]:
    """Return the points of a trend with their places, the lines between neighbours, and the line of the target."""
    points = sorted(trend["points"], key=lambda point: datetime.fromisoformat(point["at"]))
    drawn = points[-MOST_POINTS:]
    target = trend["target"]
    measured = [point["value"] for point in drawn if point["value"] is not None]
    highest = HEADROOM * max([*measured, target or 0.0, 0.001])
    placed = [place(point, across, highest, trend) for point, across in zip(drawn, spread(drawn), strict=True)]
    label_some([point for point in placed if point["y"] is not None])
    return {
        **trend,
        "points": placed,
        "lines": [line(*pair) for pair in pairwise(placed) if None not in (pair[0]["y"], pair[1]["y"])],
        "height": HEIGHT,
        "bottom": BOTTOM,
        "target_y": None if target is None else height_of(target, highest),
        "left_out": len(points) - len(drawn),
    }


def spread(points: list[Point]) -> list[float]:
    """Return how far to the right each point lies, by its time; a point that is alone lies in the middle."""
    times = [datetime.fromisoformat(point["at"]).timestamp() for point in points]
    if not times or times[-1] == times[0]:
        return [(LEFT + RIGHT) / 2] * len(times)
    return [round(LEFT + (RIGHT - LEFT) * (time - times[0]) / (times[-1] - times[0]), 2) for time in times]


def height_of(value: float, highest: float) -> float:
    """Return how far down a value lies."""
    return round(BOTTOM - (BOTTOM - TOP) * value / highest, 1)


def place(point: Point, across: float, highest: float, trend: dict[str, Any]) -> Point:
    """Return a point with its place; one without a value has none, and is told in words only."""
    value, target = point["value"], trend["target"]
    over = value is not None and target is not None and value > target
    return {
        "x": across,
        "y": None if value is None else height_of(value, highest),
        "over": over,
        "amount": value,
        "value": NOTHING if value is None else shown(value, trend["kind"]),
        "day": f"{datetime.fromisoformat(point['at']).astimezone(IST):%Y-%m-%d}",
        "label": point["label"],
        "labelled": False,
    }


def label_some(placed: list[Point]) -> None:
    """Choose the points that show their value: all while they are few, else the first, the last and the highest."""
    few = len(placed) <= MOST_LABELS
    chosen = placed if few else [placed[0], placed[-1], max(placed, key=lambda point: point["amount"])]
    for point in chosen:
        point["labelled"] = True


def line(start: Point, end: Point) -> dict[str, float]:
    """Return the line between two neighbours."""
    return {"x1": start["x"], "y1": start["y"], "x2": end["x"], "y2": end["y"]}
