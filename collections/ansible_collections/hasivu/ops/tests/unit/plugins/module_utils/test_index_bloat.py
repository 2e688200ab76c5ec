# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is made of statistics and measurements of bloat; that the estimate is right is shown on a real server."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.index_bloat import (
    BloatLimits,
    estimate,
    measured_bytes,
    worth_a_word,
)


def relation(**more: Any) -> dict[str, Any]:
    given = {
        "oid": 1,
        "schema": "public",
        "name": "orders",
        "table_name": "orders",
        "is_index": False,
        "tuples": 100_000.0,
        "pages": 1000,
        "bytes": 8_192_000,
        "fillfactor": 100,
        "block_size": 8192,
        "is_unique": True,
        "width": 48.0,
        "nullable": False,
        "distinct_values": None,
    }
    return {**given, **more}


@pytest.mark.parametrize(
    ("given", "fraction"),
    [
        (relation(), 0.06),
        (relation(tuples=10_000.0), 0.90),
        (relation(tuples=200_000.0), 0.0),
        (relation(fillfactor=50, tuples=50_000.0), 0.06),
        (relation(is_index=True, fillfactor=90, width=8.0, pages=2000), 0.85),
        (relation(is_index=True, fillfactor=90, width=8.0, is_unique=False, distinct_values=10.0), 0.91),
    ],
)
def test_the_estimate_is_what_the_rows_do_not_fill(given, fraction):
    found = estimate(given)
    assert found is not None
    assert found["estimated_fraction"] == pytest.approx(fraction, abs=0.02)


def test_without_statistics_there_is_no_estimate():
    assert estimate(relation(width=None)) is None


@pytest.mark.parametrize(
    ("estimated", "confirmed", "worth"),
    [(50, None, True), (20, None, False), (50, 20, False), (20, 50, True), (50, 0, False)],
)
def test_a_measurement_overrules_the_estimate(estimated, confirmed, worth):
    found = {"bytes": 100, "estimated_bytes": estimated, "confirmed_bytes": confirmed}
    assert worth_a_word(found, BloatLimits(0.3, 10)) is worth


def test_what_a_rebuild_would_leave_empty_is_no_bloat():
    table = {"kind": "table", "bytes": 1000, "fillfactor": 80, "block_size": 8192}
    assert measured_bytes(table, {"approx_free_space": 250, "dead_tuple_len": 50}) == 100
    index = {"kind": "index", "bytes": 81920, "fillfactor": 90, "block_size": 8192}
    measure = {"avg_leaf_density": 90.0, "leaf_pages": 10, "deleted_pages": 1, "empty_pages": 0}
    assert measured_bytes(index, measure) == 8192
    empty = {"avg_leaf_density": float("nan"), "leaf_pages": 0, "deleted_pages": 0, "empty_pages": 0}
    assert measured_bytes(index, empty) == 0
