# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Objectives, backups and measurements as tables and charts of a page."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.backup_declared import Backup
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_objectives import IN_WORDS, met
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_verdict import gap, measured_by

Entry = dict[str, Any]
Columns = list[dict[str, str]]
TIER_COLUMNS: Columns = [
    {"key": "name", "label": "Tier"},
    {"key": "assets", "label": "Assets"},
    {"key": "rpo_s", "label": "RPO", "kind": "seconds"},
    {"key": "mechanism", "label": "Mechanism that meets it"},
    {"key": "worst_s", "label": "Worst case", "kind": "seconds"},
    {"key": "last_rpo_s", "label": "Last measured RPO", "kind": "seconds"},
    {"key": "rto_s", "label": "RTO", "kind": "seconds"},
    {"key": "last_rto_s", "label": "Last measured RTO", "kind": "seconds"},
    {"key": "at", "label": "Measured", "kind": "time"},
    {"key": "gap", "label": "Gap"},
]
BACKUP_COLUMNS: Columns = [
    {"key": "asset", "label": "Asset"},
    {"key": "source", "label": "Source"},
    {"key": "mechanism", "label": "Mechanism"},
    {"key": "frequency", "label": "Frequency"},
    {"key": "retention_days", "label": "Days kept", "kind": "number"},
    {"key": "immutability", "label": "Protected by"},
    {"key": "copy", "label": "Copy"},
    {"key": "key", "label": "Key"},
    {"key": "owner", "label": "Owner"},
    {"key": "last_restore_test", "label": "Last restore test"},
]
MEASURE_COLUMNS: Columns = [
    {"key": "run", "label": "Run"},
    {"key": "at", "label": "Ended", "kind": "time"},
    {"key": "kind", "label": "Kind"},
    {"key": "strategy", "label": "Strategy"},
    {"key": "rto_s", "label": "RTO", "kind": "seconds"},
    {"key": "rto", "label": "Target"},
    {"key": "rpo_s", "label": "RPO", "kind": "seconds"},
    {"key": "rpo", "label": "Target"},
    {"key": "longest", "label": "Longest phase"},
]


def sections(tiers: list[Entry], backups: list[Entry], known: list[Backup], measurements: list[Entry]) -> list[Entry]:
    """Return the parts of the page: the tiers, the trend of each that was measured, and the backups."""
    rows = [tier_row(tier, known, measured_by(tier, measurements)) for tier in tiers]
    parts = [{"title": "Objectives", "table": table("Objective, mechanism and last measure", TIER_COLUMNS, rows)}]
    for tier in tiers:
        parts += trend(tier, measured_by(tier, measurements))
    declared = [backup_row(one) for one in backups if isinstance(one, dict)]
    return [*parts, {"title": "Backups", "table": table("Declared backups", BACKUP_COLUMNS, declared)}]


def table(caption: str, columns: Columns, rows: list[Entry]) -> Entry:
    """Return a table of a page."""
    return {"caption": caption, "columns": columns, "rows": rows}


def tier_row(tier: Entry, known: list[Backup], own: list[Entry]) -> Entry:
    """Return what a tier promises, by what means, and what was measured last."""
    bests = [min(of, key=Backup.worst_case_s) for of in by_asset(tier, known) if of]
    worst = max(bests, key=Backup.worst_case_s, default=None)
    last = own[-1] if own else None
    return {
        **{name: tier[name] for name in ("name", "assets", "rpo_s", "rto_s")},
        "mechanism": worst.in_words() if worst else None,
        "worst_s": worst.worst_case_s() if worst else None,
        **({f"last_{name}": last[name] for name in ("rpo_s", "rto_s")} if last else {}),
        "at": last["at"] if last else None,
        "gap": gap(tier, last),
    }


def by_asset(tier: Entry, known: list[Backup]) -> list[list[Backup]]:
    """Return the backups of each asset of a tier."""
    return [[backup for backup in known if backup.asset == asset] for asset in tier["assets"]]


def trend(tier: Entry, own: list[Entry]) -> list[Entry]:
    """Return the chart of each objective over time, and beside the last of them all the numbers."""
    if not own:
        return []
    rows = [measure_row(tier, entry) for entry in own]
    numbers = table(f"Measurements of {tier['name']}", MEASURE_COLUMNS, rows)
    rto = {"title": f"Trend of {tier['name']}: RTO", "trend": chart(tier, own, "rto")}
    rpo = {"title": f"Trend of {tier['name']}: RPO", "trend": chart(tier, own, "rpo"), "table": numbers}
    return [rto, rpo]


def chart(tier: Entry, own: list[Entry], name: str) -> Entry:
    """Return one objective over time, with its target."""
    points = [{"at": entry["at"], "label": entry["run"], "value": entry[f"{name}_s"]} for entry in own]
    title = f"{name.upper()} of {tier['name']} over time"
    return {"title": title, "kind": "seconds", "target": tier[f"{name}_s"], "points": points}


def measure_row(tier: Entry, entry: Entry) -> Entry:
    """Return one measurement."""
    longest = max(entry.get("phases") or [], key=lambda phase: phase["seconds"], default=None)
    return {
        **{name: entry.get(name) for name in ("run", "at", "strategy", "rto_s", "rpo_s")},
        "kind": "drill" if entry.get("drill") else "recovery",
        **{name: IN_WORDS[met(entry[f"{name}_s"], tier[f"{name}_s"])] for name in ("rto", "rpo")},
        "longest": f"{longest['name']}, {longest['seconds']:.1f} s" if longest else None,
    }


def backup_row(declared: Entry) -> Entry:
    """Return one declared backup with its frequency in words."""
    every, lag = declared.get("every_minutes"), declared.get("lag_minutes")
    return {**declared, "frequency": f"every {every} min" if every else f"continuous, at most {lag} min behind"}
