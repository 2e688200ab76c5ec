# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a runtime or engine in use means, held against the table of lifecycles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.lifecycle_table import FRESH_DAYS, Table, age, day
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import deadline, finding

WARN_DAYS = 180
FAIL_DAYS = 60
BLOCK_DAYS = 90
CONTROL = "PCI-12.3.4"
UNKNOWN = "is not in the table of lifecycles, so nobody knows when its support ends"
WORDS = {
    "lambda": "runtime",
    "rds_postgres": "RDS PostgreSQL",
    "kubernetes": "Kubernetes",
    "elasticache": "ElastiCache",
}


@dataclass(frozen=True)
class Use:
    """A runtime or engine that something uses; `name` is its line in the table, `part` which part of it uses it."""

    kind: str
    name: str
    where: str
    part: str = ""

    @property
    def place(self) -> str:
        """Return the whole place in words; `where` alone stays the same from month to month."""
        return f"{self.where} {self.part}".strip()


@dataclass(frozen=True)
class Verdict:
    """How much a use matters, under which key, in words, and until when at the latest."""

    severity: str
    key: str
    says: str
    latest: str = ""


def judge(use: Use, table: Table, today: date) -> Verdict | None:
    """Return what is to be said of a use, or nothing where it is in order."""
    if use.name not in table[use.kind]:
        return Verdict("high", "runtime-unknown", UNKNOWN)
    row = table[use.kind][use.name] or {}
    blocked = row.get("update_blocked")
    if blocked and day(blocked) <= today + timedelta(days=BLOCK_DAYS):
        says = f"cannot be changed any more from {blocked}, so that no mend can be deployed"
        return Verdict("critical", "runtime-update-blocked", says, blocked)
    ends = row.get("deprecated")
    if not ends or day(ends) > today + timedelta(days=WARN_DAYS):
        return None
    if day(ends) <= today:
        return Verdict("high", "runtime-out-of-support", f"is out of support since {ends}", blocked or "")
    severity = "high" if day(ends) < today + timedelta(days=FAIL_DAYS) else "medium"
    return Verdict(severity, "runtime-leaves-support", f"leaves support on {ends}", ends)


def finding_of(use: Use, verdict: Verdict, table: Table, today: date, prefix: str) -> dict[str, str]:
    """Return the finding on a use."""
    name = f"{WORDS[use.kind]} {use.name}"
    return finding(
        what=f"{use.place} uses {name}, which {verdict.says}.",
        where=use.where,
        why="Without support there are no security updates, and PCI DSS 6.3.3 asks for them.",
        do=what_to_do(use, table, prefix),
        severity=verdict.severity,
        key=verdict.key,
        control=CONTROL,
        deadline=last_day(verdict, today),
    )


def last_day(verdict: Verdict, today: date) -> str:
    """Return the day by which a finding must be mended: the one of its severity, or an earlier one still to come."""
    usual = str(deadline(verdict.severity, today))
    return min(usual, verdict.latest) if verdict.latest > today.isoformat() else usual


def what_to_do(use: Use, table: Table, prefix: str) -> str:
    """Say what to do, with the successor where the table names one."""
    row = table[use.kind].get(use.name)
    if row is None:
        return "Read its dates on the page that the table names, add its line with them, and date the table anew."
    successor = row.get("successor")
    if not successor:
        return "Plan the change to the version that follows it, and add that to the table."
    if use.kind != "lambda":
        return f"Change to {successor} with quarterly-upgrade."
    if not use.where.startswith(prefix):
        return f"Test it with {successor}, and change it where it is deployed from."
    return (
        f"Test it with {successor} in CI, then: hasivu-play run lambda-change -e function={use.where} "
        f"-e runtime={successor}"
    )


def stale(table: Table, today: date) -> list[dict[str, str]]:
    """Return the finding on a table that is too old to be trusted, or nothing."""
    days = age(table, today)
    if days <= FRESH_DAYS:
        return []
    return [
        finding(
            what=f"The table of lifecycles is {days} days old; what ends since then would not be found.",
            where="lifecycles.yml",
            why=f"AWS moves these days; after {FRESH_DAYS} days nobody can say that nothing else ends.",
            do="Read the pages that the table names, correct its lines, and date it anew with as_of.",
            severity="critical",
            key="lifecycle-table-stale",
            control=CONTROL,
            deadline=str(deadline("critical", today)),
        )
    ]


def unreadable(what: str, reason: str, today: date) -> dict[str, str]:
    """Return the finding on something that could not be looked at."""
    return finding(
        what=f"{what} could not be read: {reason}.",
        where=what,
        why="What was not looked at cannot be taken for being in order.",
        do="Mend the access or the service, then run monthly-runtimes again.",
        severity="high",
        key="runtime-not-read",
        deadline=str(deadline("high", today)),
    )


def misfit(layer: str, made_for: list[str], use: Use, today: date) -> dict[str, str]:
    """Return the finding on a layer that was not made for the runtime that uses it."""
    return finding(
        what=f"{use.place} runs on {use.name} with the layer {layer}, which was made for {', '.join(made_for)}.",
        where=use.where,
        why="A layer with compiled parts may fail on another runtime, and nobody has tried this pair.",
        do=f"Publish the layer for {use.name}, or take it away.",
        severity="medium",
        key="layer-not-for-runtime",
        deadline=str(deadline("medium", today)),
    )


def sections(uses: list[Use], images: list[dict[str, Any]], table: Table, today: date) -> list[dict[str, Any]]:
    """Return the tables of what was looked at."""
    rows = [row_of(use, table, today) for use in sorted(uses, key=lambda use: (use.kind, use.place, use.name))]
    columns = {"where": "Where", "kind": "Kind", "name": "Version", "deprecated": "Support ends",
               "update_blocked": "Changes end", "successor": "Successor", "verdict": "Verdict"}  # fmt: skip
    found = [table_of("Runtimes and engines in use", "Each runtime and engine that is in use", columns, rows)]
    if images:
        columns = {"where": "Function", "digest": "Image", "note": "Note"}
        found.append(table_of("Functions from images", "Functions that bring their runtime along", columns, images))
    return found


def row_of(use: Use, table: Table, today: date) -> dict[str, Any]:
    """Return the row of one use."""
    verdict = judge(use, table, today)
    known = (table[use.kind].get(use.name) or {}) if use.name in table[use.kind] else {}
    return {
        **{field: known.get(field) for field in ("deprecated", "update_blocked", "successor")},
        "where": use.place,
        "kind": WORDS[use.kind],
        "name": use.name,
        "verdict": verdict.severity if verdict else "in support",
    }


def table_of(title: str, caption: str, columns: dict[str, str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a section with one table."""
    return {
        "title": title,
        "table": {
            "caption": caption,
            "columns": [{"key": key, "label": label} for key, label in columns.items()],
            "rows": rows,
        },
    }
