# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which checks a verification makes, and with what each compares the restored database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import verification_integrity as integrity
from ansible_collections.hasivu.ops.plugins.module_utils import verification_server as server
from ansible_collections.hasivu.ops.plugins.module_utils import verification_tables as tables
from ansible_collections.hasivu.ops.plugins.module_utils.fingerprint import (
    read_extensions,
    read_figures,
    read_invalid,
    read_schema,
    read_server,
    rows,
)
from ansible_collections.hasivu.ops.plugins.module_utils.verification_check import Check, gathered, unknown
from ansible_collections.hasivu.ops.plugins.module_utils.verification_horizon import Horizon, unseen
from ansible_collections.hasivu.ops.plugins.module_utils.verification_ranges import Pair
from ansible_collections.hasivu.ops.plugins.module_utils.verification_rows import compare_table, row_check
from ansible_collections.hasivu.ops.plugins.module_utils.verification_sessions import Sessions, Step

try:
    import psycopg
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None


@dataclass(frozen=True)
class Verification:
    """A restored server, and what it is compared with: the old one where it can be read, else a fingerprint."""

    restored: Sessions
    old: Sessions | None
    horizon: Horizon | None
    reference: dict[str, Any] | None
    restore_time: datetime
    options: dict[str, Any]

    @property
    def full(self) -> bool:
        """Tell whether everything is read, and not only what must be known before the cutover."""
        return bool(self.options["profile"] == "full")

    def steps(self) -> list[Step]:
        """Return every check, those that take long first."""
        critical = [table["name"] for table in self.options["tables"]]
        lasting: list[Step] = [("amcheck", "Every index leads to the rows of its table", self.check_indexes)]
        if self.full:
            lasting.append(("heaps", "Every table can be read to its last row", self.check_heaps))
        lasting += [(f"table:{table['name']}", f"{table['name']} is whole", self.table_step(table)) for table in
                    self.options["tables"]]  # fmt: skip
        return [
            *lasting,
            ("orphan_rows", "Every reference leads to a row", self.lent(integrity.orphans_check, critical, self.full)),
            ("sequences", "Every sequence is far enough", self.lent(integrity.sequences_check)),
            *((f"invariant:{one['name']}", one["what"], self.lent(integrity.invariant_check, one))
              for one in self.options["invariants"]),
            ("server", "The server is what it was", self.check_server),
            ("schema", "The schema is what it was", self.check_schema),
            ("collation_versions", "Text is sorted as it was", self.lent(server.collations_check)),
            ("prewarm", "The hot tables are in memory", self.lent(integrity.prewarm_check, self.options["prewarm"])),
        ]  # fmt: skip

    def lent(self, check: Any, *arguments: Any) -> Any:
        """Return a check that is made with a session of the restored server."""

        def make() -> list[Check]:
            with self.restored.lend() as connection:
                return [check(connection, *arguments)]

        return make

    def table_step(self, table: dict[str, Any]) -> Any:
        """Return the checks of one table."""

        def make() -> list[Check]:
            with self.restored.lend() as restored:
                figures = read_figures(restored, table)
                if self.old is None:
                    return self.against_fingerprint(table, figures)
                with self.old.lend() as old:
                    return self.against_old(table, figures, restored, old)

        return make

    def against_fingerprint(self, table: dict[str, Any], figures: dict[str, Any]) -> list[Check]:
        """Compare a table with what a stored fingerprint says of it."""
        checks = [tables.count_check(table, figures, self.reference)]
        if table.get("created"):
            checks.append(tables.newest_check(table, figures, self.restore_time, None))
        return checks

    def against_old(self, table: dict[str, Any], figures: dict[str, Any], restored: Any, old: Any) -> list[Check]:
        """Compare a table with the old database; one that it lost is compared with the fingerprint."""
        newest = self.options["newest_keys"] if not self.full else None
        try:
            before = tables.newest_before(old, table, self.restore_time) if table.get("created") else None
            compared = row_check(
                table["name"], compare_table(Pair(restored, old, table), self.horizon, self.restore_time, newest)
            )
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            return self.against_fingerprint(table, figures)
        created = [tables.newest_check(table, figures, self.restore_time, before)] if table.get("created") else []
        return [compared, *created]

    def check_server(self) -> list[Check]:
        """Check version, extensions, checksums, recovery and indexes."""
        with self.restored.lend() as connection:
            found, extensions = read_server(connection), read_extensions(connection)
            invalid = read_invalid(connection)
        return [
            server.recovery_check(found),
            server.version_check(found, self.reference),
            server.extensions_check(extensions, self.reference),
            server.checksums_check(found, self.reference),
            server.invalid_check(invalid, (self.reference or {}).get("invalid_indexes")),
        ]

    def check_schema(self) -> list[Check]:
        """Compare the schema with that of the old database, or with a fingerprint."""
        with self.restored.lend() as connection:
            restored = read_schema(connection)
            if self.old is None or self.horizon is None:
                wanted = ((self.reference or {}).get("schema") or {}).get("objects")
                if wanted is None:
                    return [unknown("schema", "The schema is what it was", "Nothing is known to compare it with.")]
                return [server.schema_check(restored, wanted, "the stored fingerprint")]
            with self.old.lend() as other:
                old = read_schema(other)
            written = xids_of(old)
            late = unseen(connection, self.horizon, written)
        late |= {xid for xid in written if self.horizon.is_doubtful(xid)} - server.shared_xids(restored, old)
        foreign = {xid for xid in xids_of(restored) if self.horizon.is_foreign(xid)}
        return [server.schema_check_with_old(restored, old, late, foreign)]

    def check_indexes(self) -> list[Check]:
        """Check B-trees with amcheck: critical unique ones, or all."""
        asked = {"full": self.full, "tables": [table["name"] for table in self.options["tables"]]}
        return self.each("amcheck", "Every index leads to the rows of its table", integrity.BTREES, asked,
                         "bt_index_check", integrity.btree_sentence)  # fmt: skip

    def check_heaps(self) -> list[Check]:
        """Check all tables with amcheck."""
        return self.each("heaps", "Every table can be read to its last row", integrity.HEAPS, None,
                         "verify_heapam", integrity.heap_sentence)  # fmt: skip

    def each(self, name: str, what: str, query: str, parameters: Any, function: str, sentence: Any) -> list[Check]:
        """Call a function of amcheck for each of some objects, and gather what it says."""
        with self.restored.lend() as connection:
            schema = integrity.function_schema(connection, function)
            objects = rows(connection, query, parameters)
        if schema is None:
            return [unknown(name, what, f"{function} of amcheck is not there, or this role may not call it.")]

        def look_at(one: dict[str, Any]) -> tuple[str | None, str | None]:
            with self.restored.lend() as lent:
                return sentence(lent, schema, one)

        with ThreadPoolExecutor(self.options["connections"]) as executor:
            said = list(executor.map(look_at, objects))
        problems, unread = ([one[part] for one in said if one[part]] for part in (0, 1))
        return [gathered(name, what, problems, unread, f"{len(objects)} looked at.")]


def xids_of(schema: list[dict[str, Any]]) -> set[int]:
    """Return the transactions that wrote the objects of a schema."""
    return {xid for row in schema for xid in row["xids"] if xid is not None}


def reference_of(old: Sessions) -> dict[str, Any]:
    """Return what the old server says of itself, to compare the restored one with.

    Raises:
        psycopg.Error: It does not answer.
    """
    with old.lend() as connection:
        return {
            "server": read_server(connection),
            "extensions": read_extensions(connection),
            "invalid_indexes": read_invalid(connection),
        }
