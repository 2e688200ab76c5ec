# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the bars of a chart lie. Lengths are in percent of the width, so that letters keep their size on a phone."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_values import shown

TITLE_HEIGHT = 20
BAR_HEIGHT = 14
GAP = 12
LONGEST = 78.0
SHORTEST = 0.4
MOST_ROWS = 30


def layout(chart: dict[str, Any]) -> dict[str, Any]:
    """Return the rows of a bar chart with the place of each bar, and what was left out."""
    rows = chart["rows"][:MOST_ROWS]
    highest = max((float(value or 0) for row in rows for value in row["values"]), default=0.0)
    step = TITLE_HEIGHT + BAR_HEIGHT * len(chart["series"]) + GAP
    return {
        **chart,
        "rows": [place(row, position * step, highest, chart["kind"]) for position, row in enumerate(rows)],
        "height": max(1, step * len(rows)),
        "left_out": len(chart["rows"]) - len(rows),
    }


def place(row: dict[str, Any], top: int, highest: float, kind: str) -> dict[str, Any]:
    """Return one row: its label, and its bars one below the other."""
    first = top + TITLE_HEIGHT
    return {
        "label": row["label"],
        "y": top + TITLE_HEIGHT - 6,
        "bars": [
            {
                "y": first + position * BAR_HEIGHT,
                "text_y": first + position * BAR_HEIGHT + BAR_HEIGHT - 3,
                "width": length(value, highest),
                "text_x": length(value, highest) + 1,
                "value": shown(value, kind),
            }
            for position, value in enumerate(row["values"])
        ],
    }


def length(value: Any, highest: float) -> float:
    """Return the length of a bar in percent; what is more than nothing can be seen."""
    amount = float(value or 0)
    if amount <= 0 or highest <= 0:
        return 0.0
    return round(max(SHORTEST, LONGEST * amount / highest), 2)
