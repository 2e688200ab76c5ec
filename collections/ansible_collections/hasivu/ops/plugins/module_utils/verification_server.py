# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of a restored server as a whole: what it is, what it can do, and that its schema is the one it had."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.fingerprint import (
    fingerprint_of,
    rows,
    schema_difference,
)
from ansible_collections.hasivu.ops.plugins.module_utils.verification_check import Check, gathered, unknown

try:
    import psycopg
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

COLLATIONS = """
SELECT format('%I.%I', n.nspname, c.collname) AS name, c.collversion AS made_with,
       pg_collation_actual_version(c.oid) AS now_is
  FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE c.collversion IS NOT NULL
UNION ALL
SELECT 'database ' || quote_ident(datname), datcollversion, pg_database_collation_actual_version(oid)
  FROM pg_database WHERE datname = current_database() AND datcollversion IS NOT NULL
"""

Reference = dict[str, Any]


def recovery_check(server: dict[str, Any]) -> Check:
    """Check that the server takes writes."""
    return Check("not_in_recovery", not server["in_recovery"], "The server has ended recovery and takes writes")


def version_check(server: dict[str, Any], reference: Reference | None) -> Check:
    """Check that the server is of the same major version as the database that it replaces."""
    what = "The server is of the version that the database had"
    if reference is None:
        return unknown("version", what, f"It is {server['version']}; nothing is known to compare it with.")
    same = server["version_num"] // 10000 == reference["server"]["version_num"] // 10000
    return Check("version", same, what, f"{server['version']}, and {reference['server']['version']} before.")


def extensions_check(found: dict[str, str], reference: Reference | None) -> Check:
    """Check that the extensions are those of the reference."""
    what = "The extensions are those that the database had"
    if reference is None:
        return unknown("extensions", what, "Nothing is known to compare them with.")
    difference = schema_difference(reference["extensions"], found)
    said = [f"{how}: {', '.join(names)}." for how, names in difference.items() if names]
    return gathered("extensions", what, said, [], f"{len(found)} extensions.")


def checksums_check(server: dict[str, Any], reference: Reference | None) -> Check:
    """Check that pages are guarded by checksums where they were."""
    what = "Pages carry checksums where they did before"
    before = reference["server"].get("data_checksums") if reference else None
    return Check("data_checksums", server["data_checksums"] == (before or server["data_checksums"]), what,
                 f"data_checksums is {server['data_checksums']}, and was {before or 'not known'} before.")  # fmt: skip


def collations_check(connection: psycopg.Connection[dict[str, Any]]) -> Check:
    """Check that text is still sorted as when the indexes were made."""
    found = rows(connection, COLLATIONS)
    wrong = [
        f"{row['name']} was made with version {row['made_with']}, this server has {row['now_is']}: rebuild its indexes."
        for row in found
        if row["made_with"] != row["now_is"]
    ]
    what = "Text is sorted as it was when the indexes were made"
    return gathered("collation_versions", what, wrong, [], f"{len(found)} collations.")


def invalid_check(found: list[str], before: list[str] | None) -> Check:
    """Check that no index is invalid but those that were so before."""
    what = "No index is invalid that was valid before"
    if before is None and found:
        return unknown("invalid_indexes", what, f"{', '.join(found)}: whether it was so before is not known.")
    new = [name for name in found if name not in (before or [])]
    said = [f"{name} is invalid; rebuild it." for name in new]
    known = f"Invalid before already: {', '.join(found)}." if found else "None is."
    return gathered("invalid_indexes", what, said, [], known)


def schema_check(restored: list[dict[str, Any]], wanted: dict[str, str], whose: str) -> Check:
    """Check the schema against a stored fingerprint: it must be the very same."""
    what = f"The schema is that of {whose}"
    difference = schema_difference(wanted, fingerprint_of(restored)["objects"])
    said = [f"{how}: {name}." for how, names in difference.items() for name in names]
    return gathered("schema", what, said, [], f"{len(wanted)} objects, hash {fingerprint_of(restored)['hash']}.")


def shared_xids(restored: list[dict[str, Any]], old: list[dict[str, Any]]) -> set[int]:
    """Return the transactions of objects that both databases have alike, which were therefore before the restore."""
    there = {(row["name"], row["definition"], xid) for row in restored for xid in row["xids"]}
    return {
        xid for row in old for xid in row["xids"] if xid is not None and (row["name"], row["definition"], xid) in there
    }


def schema_check_with_old(
    restored: list[dict[str, Any]], old: list[dict[str, Any]], late: set[int], foreign: set[int]
) -> Check:
    """Check the schema against the old database, from which only what was changed since the restore point may differ.

    Args:
        restored: The objects of the restored database.
        old: Those of the old one.
        late: Transactions of the old database that the restored one cannot have.
        foreign: Transactions that were made on the restored database itself.
    """
    difference = schema_difference(fingerprint_of(old)["objects"], fingerprint_of(restored)["objects"])
    written = {row["name"]: {xid for xid in row["xids"] if xid is not None} for row in old}
    here = {row["name"]: {xid for xid in row["xids"] if xid is not None} for row in restored}
    since = {name for name, xids in written.items() if xids & late}
    wrong = [f"{how}: {name}." for how in ("missing", "different") for name in difference[how] if name not in since]
    wrong += [f"made after the restore: {name}." for name in difference["besides"] if here[name] & foreign]
    explained = sum(map(len, difference.values())) - len(wrong)
    what = "The schema is that of the old database at the restore point"
    return gathered("schema", what, wrong, [], f"{len(restored)} objects; {explained} were changed or dropped since.")
