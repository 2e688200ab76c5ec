# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which tables a run may touch: patterns of names, held against the tables that exist."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import Table


def check_patterns(patterns: Iterable[str], tables: Iterable[Table]) -> str | None:
    """Return a sentence on the first pattern that names no table, for a mistyped one would hide what it means."""
    names = [table.plain_name for table in tables]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            return f"No table matches '{pattern}'. Give schema.table, where * stands for any characters."
    return None


def why_excluded(table: Table, include: list[str], exclude: list[str]) -> str | None:
    """Return why a table is left alone, or nothing when it may be treated."""
    if include and not matches(table, include):
        return "It is not among the tables to include."
    if matches(table, exclude):
        return "It is among the tables to exclude."
    if table.working:
        return f"It is being {table.working} now by the session with pid {table.working_pid}."
    return None


def matches(table: Table, patterns: list[str]) -> bool:
    """Tell whether one of the patterns names the table."""
    return any(fnmatchcase(table.plain_name, pattern) for pattern in patterns)
