# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long the maintenance of a table may take, from what the last run achieved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import Table

# A guess for the first run ever, on the careful side of what a small instance with cost limits reaches.
BYTES_PER_SECOND = 40 * 1024 * 1024
SAMPLE_BYTES = 30_000 * 8192
LEAST_SECONDS = 0.05
LEAST_MEASURED_SECONDS = 5.0


def throughput(previous: Iterable[dict[str, Any]]) -> float:
    """Return bytes per second of the last run's vacuums; a guess where they were too few to tell."""
    done = [row for row in previous if row.get("outcome") == "done" and row.get("need") != "analyze"]
    seconds = sum(float(row.get("seconds") or 0) for row in done)
    size = sum(int(row.get("bytes") or 0) for row in done)
    return size / seconds if seconds >= LEAST_MEASURED_SECONDS and size else BYTES_PER_SECOND


def expected_seconds(table: Table, kind: str, bytes_per_second: float) -> float:
    """Return the time that a vacuum of the whole table, or an ANALYZE of its sample, would take."""
    size = min(table.heap_bytes, SAMPLE_BYTES) if kind == "analyze" else table.bytes
    return max(LEAST_SECONDS, size / bytes_per_second)
