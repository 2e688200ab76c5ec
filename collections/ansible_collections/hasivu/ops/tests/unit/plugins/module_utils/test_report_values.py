# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a report shows values, and where the bars of its charts lie."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.report_chart import MOST_ROWS, layout, length
from ansible_collections.hasivu.ops.plugins.module_utils.report_values import shown


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "number", "\N{EN DASH}"),
        ("", "text", "\N{EN DASH}"),
        (0, "number", "0"),
        (1234567, "number", "1,234,567"),
        (2.25, "number", "2.2"),
        (512, "bytes", "512 B"),
        (1536, "bytes", "1.5 KiB"),
        (5 * 1024**5, "bytes", "5120.0 TiB"),
        (0.5, "seconds", "0.5 s"),
        (600, "seconds", "10.0 min"),
        (0.125, "percent", "12.5 %"),
        (True, "text", "yes"),
        (["a", False], "text", "a, no"),
        ("soon", "time", "soon"),
        ("2026-11-28T20:30:00", "time", "2026-11-28T20:30:00"),
        ("2026-11-28T20:30:00Z", "time", "2026-11-28 20:30:00 UTC (2026-11-29 02:00:00 IST)"),
        ("unknown", "number", "unknown"),
    ],
)
def test_each_kind_is_shown_in_its_way(value, kind, text):
    assert shown(value, kind) == text


def test_bars_stay_inside_and_none_overlaps_another():
    rows = [{"label": str(n), "values": [n, n / 2]} for n in range(MOST_ROWS + 3)]
    chart = layout({"title": "t", "series": ["before", "after"], "kind": "number", "rows": rows})
    tops = [bar["y"] for row in chart["rows"] for bar in row["bars"]]
    assert chart["left_out"] == 3
    assert all(later - earlier >= 14 for earlier, later in itertools.pairwise(tops))
    assert max(tops) + 14 <= chart["height"]
    assert max(bar["width"] for row in chart["rows"] for bar in row["bars"]) <= 78


@pytest.mark.parametrize(("value", "highest"), [(None, 5), (0, 5), (0, 0), (-1, 5)])
def test_nothing_has_no_bar(value, highest):
    assert length(value, highest) == 0
