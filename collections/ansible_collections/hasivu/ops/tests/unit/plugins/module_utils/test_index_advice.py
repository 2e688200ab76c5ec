# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which indexes are called invalid, superfluous, unused or missing."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import index_advice as advice
from ansible_collections.hasivu.ops.plugins.module_utils.index_catalog import ForeignKey, Index, with_partitions

NUMBERS = itertools.count(1)


def index(name: str, columns: list[int], include: list[int] | None = None, **more: Any) -> Index:
    count = len(columns)
    given: dict[str, Any] = {
        "oid": next(NUMBERS),
        "schema": "public",
        "table_name": "orders",
        "name": name,
        "table_oid": 1,
        "partitioned": False,
        "parent": None,
        "method": "btree",
        "valid": True,
        "is_unique": False,
        "constrained": False,
        "columns": columns + (include or []),
        "key_count": count,
        "classes": [1978] * count,
        "collations": [0] * count,
        "options": [0] * count,
        "nulls_not_distinct": False,
        "expressions": "",
        "predicate": "",
        "bytes": 8192,
        "scans": 0,
        "last_scan": None,
        "busy": False,
        "permitted": True,
    }
    return Index(**{**given, **more})


def names(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["index"].removeprefix("public.") for entry in entries]


@pytest.mark.parametrize(
    ("one", "two", "superfluous"),
    [
        (index("a", [1], scans=5), index("b", [1]), ["b"]),
        (index("a", [1]), index("b", [1], is_unique=True, constrained=True), []),
        (index("a", [1]), index("b", [1], options=[1]), []),
        (index("a", [1]), index("b", [1], predicate="x"), []),
        (index("a", [1]), index("b", [1], collations=[100]), []),
        (index("a", [1]), index("b", [1], include=[2]), []),
        (index("a", [1]), index("b", [1], table_oid=2), []),
        (index("a", [1]), index("b", [1], valid=False), []),
        (index("a", [1], parent=9), index("b", [1], scans=5), ["b"]),
        (index("a", [1], is_unique=True), index("b", [1], is_unique=True, constrained=True), ["a"]),
    ],
)
def test_exact_duplicates(one, two, superfluous):
    assert names(advice.duplicates([one, two])) == superfluous


@pytest.mark.parametrize(
    ("one", "two", "superfluous"),
    [
        (index("a", [1]), index("b", [1, 2]), ["a"]),
        (index("a", [2]), index("b", [1, 2]), []),
        (index("a", [1]), index("b", [1], is_unique=True), ["a"]),
        (index("a", [1]), index("b", [1]), []),
        (index("a", [1], include=[3]), index("b", [1, 2]), []),
        (index("a", [1], include=[2]), index("b", [1, 2]), ["a"]),
        (index("a", [1], is_unique=True), index("b", [1, 2]), []),
        (index("a", [1], constrained=True), index("b", [1, 2]), []),
        (index("a", [1], predicate="x"), index("b", [1, 2], predicate="x"), ["a"]),
        (index("a", [1], predicate="x"), index("b", [1, 2]), []),
        (index("a", [1], method="hash"), index("b", [1, 2]), []),
        (index("a", [1]), index("b", [1, 2], valid=False), []),
        (index("a", [0], expressions="lower"), index("b", [0, 2], expressions="lower"), []),
        (index("a", [1], options=[1]), index("b", [1, 2], options=[0, 0]), []),
    ],
)
def test_indexes_that_a_longer_one_covers(one, two, superfluous):
    assert names(advice.redundant([one, two])) == superfluous


KEY = ForeignKey("to_school", "public", "orders", 1, [2], ["school"], "schools", 100, 8192)


@pytest.mark.parametrize(
    ("one", "more", "called_unused"),
    [
        (index("a", [1]), {}, True),
        (index("a", [1]), {"days": 29.0}, False),
        (index("a", [1], scans=1), {}, False),
        (index("a", [1], scans=1, last_scan=datetime.now(UTC) - timedelta(days=40)), {}, True),
        (index("a", [1], scans=1, last_scan=datetime.now(UTC) - timedelta(days=3)), {}, False),
        (index("a", [2]), {}, False),
        (index("a", [2, 1]), {}, False),
        (index("a", [1, 2]), {}, True),
        (index("a", [1], is_unique=True), {}, False),
        (index("a", [1], constrained=True), {}, False),
        (index("a", [1], parent=4), {}, False),
        (index("a", [1], valid=False), {}, False),
    ],
)
def test_unused_indexes(one, more, called_unused):
    statistics = advice.Statistics(datetime.now(UTC), **{"days": 31.0, "replicas": 0, "wanted_days": 30, **more})
    assert bool(advice.unused([one], [KEY], statistics)) is called_unused


def test_replicas_that_were_not_asked_are_named():
    statistics = advice.Statistics(datetime.now(UTC), 31.0, 2, 30)
    assert "2 replicas" in advice.unused([index("a", [1])], [], statistics)[0]["reason"]


@pytest.mark.parametrize(
    ("columns", "one", "is_missing"),
    [
        ([2], index("a", [2]), False),
        ([2], index("a", [2, 3]), False),
        ([2], index("a", [3, 2]), True),
        ([2, 3], index("a", [3, 2]), False),
        ([2, 3], index("a", [2], include=[3]), True),
        ([2], index("a", [2], valid=False), True),
        ([2], index("a", [2], predicate="x"), True),
        ([2], index("a", [2], table_oid=5), True),
    ],
)
def test_foreign_keys_without_an_index(columns, one, is_missing):
    key = ForeignKey("k", "public", "orders", 1, columns, ["c"] * len(columns), "schools", 100, 8192)
    assert bool(advice.missing([one], [key])) is is_missing


@pytest.mark.parametrize(
    ("name", "more", "others", "mend"),
    [
        ("a_ccnew", {}, [index("a", [1])], "drop"),
        ("a_ccold1", {}, [index("a", [1])], "drop"),
        ("a_ccnew", {}, [index("a", [1], valid=False)], "drop"),
        ("a_ccnew", {}, [index("a", [2])], "reindex"),
        ("a_ccnew", {}, [], "reindex"),
        ("a", {}, [], "reindex"),
        ("a_ccnew", {"busy": True}, [index("a", [1])], "wait"),
        ("a", {"partitioned": True}, [], "attach"),
    ],
)
def test_how_an_invalid_index_is_mended(name, more, others, mend):
    broken = index(name, [1], valid=False, **more)
    assert advice.mend_of(broken, [broken, *others]) == mend


def test_a_partitioned_index_is_as_large_and_as_used_as_its_partitions():
    top = index("top", [1], partitioned=True)
    middle = index("middle", [1], partitioned=True, parent=top.oid)
    leaves = [index(f"leaf{n}", [1], parent=middle.oid, bytes=100, scans=n) for n in (1, 2)]
    added = with_partitions([top, middle, *leaves])[0]
    assert (added.bytes, added.scans) == (200, 3)
