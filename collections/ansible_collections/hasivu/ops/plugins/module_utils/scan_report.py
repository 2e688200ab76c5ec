# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a review of scans shows: what runs, what was scanned with what, and how it ended."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import Scan
from ansible_collections.hasivu.ops.plugins.module_utils.scan_program import Program
from ansible_collections.hasivu.ops.plugins.module_utils.scan_severity import ORDER

ENDED = ("done", "reused")


def table(
    title: str, caption: str, columns: dict[str, str], rows: list[dict[str, Any]], **kinds: str
) -> dict[str, Any]:
    """Return a section that is a table."""
    listed = [{"key": key, "label": label, "kind": kinds.get(key, "text")} for key, label in columns.items()]
    return {"title": title, "table": {"caption": caption, "columns": listed, "rows": rows}}


def scan_row(scan: Scan) -> dict[str, Any]:
    """Return the row of one scan."""
    counts = Counter(hit.severity for hit in scan.hits)
    return {
        "scanner": scan.scanner,
        "target": scan.target,
        "digest": scan.digest,
        "outcome": scan.outcome,
        "looked_at": scan.looked_at,
        "hits": ", ".join(f"{counts[word]} {word}" for word in ORDER if counts[word]) or "none",
        "database": f"{scan.database.name} {scan.database.version}" if scan.outcome in ENDED else "",
        "bill": scan.bill,
        "seconds": scan.seconds,
        "reason": scan.reason,
    }


def sections(scans: list[Scan], programs: dict[str, Program]) -> list[dict[str, Any]]:
    """Return the tables of scans and of scanners."""
    columns = {
        "scanner": "Scanner", "target": "Target", "outcome": "Outcome", "hits": "Hits", "looked_at": "Looked at",
        "database": "Database", "bill": "Bill of materials", "seconds": "Seconds", "digest": "Digest",
        "reason": "Why it failed",
    }  # fmt: skip
    rows = [scan_row(scan) for scan in scans]
    kinds = {"outcome": "outcome", "looked_at": "number", "seconds": "seconds"}
    tools = [
        {"name": one.name, "version": one.version, "sha256": one.sha256, "pinned": one.pinned, "path": one.path}
        for one in programs.values()
    ]
    names = {"name": "Scanner", "version": "Version", "pinned": "Pinned", "sha256": "SHA-256", "path": "Program"}
    return [
        table("Scans", "What was scanned, with what, and what came of it", columns, rows, **kinds),
        table("Scanners", "The programs that scanned", names, tools),
    ]


def facts(scans: list[Scan]) -> list[dict[str, Any]]:
    """Return how much was scanned and how much was hit."""
    counts = Counter(hit.severity for scan in scans for hit in scan.hits)
    done = sum(scan.outcome in ENDED for scan in scans)
    return [
        {"name": "Scans that ended", "value": f"{done} of {len(scans)}"},
        {"name": "Scans used again", "value": sum(scan.outcome == "reused" for scan in scans), "kind": "number"},
        *({"name": f"Hits: {word}", "value": counts[word], "kind": "number"} for word in ORDER[:4]),
    ]
