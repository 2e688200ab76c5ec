#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Find the rows that production lost or changed since a restore point, and copy back those that a person reviewed."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_rows_comparison
short_description: Copy reviewed rows back from a restored copy beside production
version_added: 0.3.0
description:
  - Compares tables of production with a copy that was restored beside it, by checksums of key ranges, and writes a
    review. It names the rows that were deleted and the columns that were changed since the restore point; what was
    created since is counted and never touched.
  - A person removes from the review what was meant to happen. With O(state=copied) and the SHA-256 of what is left,
    exactly those rows are copied back in one transaction, parents first, and compared with the copy before it ends.
  - A changed row is changed back only while the whole row is what it was at the review; else nothing is copied.
  - Rows that a transaction of fewer than O(bulk_rows) rows changed last are conflicts, for the platform works so and a
    bad deploy does not. They are listed and not copied; a person who knows better moves them to C(changed).
  - A table that was dropped is named in the review and not made again. Make it from the copy with
    C(pg_dump --schema-only --table), then compare anew; its rows then count as deleted.
  - Triggers of production work as for any other write.
options:
  copy:
    description: Login to the restored copy.
    type: dict
    required: true
    suboptions:
      host:
        description: Address of the copy.
        type: str
        required: true
      port:
        description: Port of the copy.
        type: int
        default: 5432
      database:
        description: Name of the database.
        type: str
        required: true
      user:
        description: Role to log in as.
        type: str
        required: true
      password:
        description: Password of that role.
        type: str
      sslmode:
        description: How the connection is protected, as libpq names it.
        type: str
        default: verify-full
        choices: [disable, allow, prefer, require, verify-ca, verify-full]
      sslrootcert:
        description: File of the certificates that the server's certificate must come from.
        type: path
      application_name:
        description: Name under which the sessions are seen.
        type: str
        default: hasivu-ops
  tables:
    description: The tables to compare, each with its primary key, a whole number first.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the table with its schema.
        type: str
        required: true
      key:
        description: Columns of the primary key.
        type: list
        elements: str
        required: true
      created:
        description: Column that says when a row was made, as M(hasivu.ops.db_verification) takes it.
        type: str
      gap_minutes:
        description: Taken and not used, so that the tables of M(hasivu.ops.db_verification) serve as they are.
        type: int
  review:
    description: File of mode 0600 that holds the review as JSON.
    type: path
    required: true
  review_sha256:
    description: SHA-256 of the file that was reviewed; O(state=copied) needs it.
    type: str
  original:
    description: The review as it was written, where O(review) is what a person left of it; it must hold no more.
    type: path
  keep_in:
    description:
      - Name whose letters and digits make a schema of production, C(hasivu_recovery_NAME), where what is overwritten is
        kept for M(hasivu.ops.db_rows_undo). The role needs C(CREATE) on the database.
    type: str
  bulk_rows:
    description: Rows of all tables that a transaction must have changed before it counts as the damage.
    type: int
    default: 10
  recovery_xid:
    description: The first transaction that the copy did not see, as M(hasivu.ops.db_verification) returns it.
    type: int
  most_rows:
    description: With more rows of one table that differ nothing is written, for nobody reviews so many.
    type: int
    default: 10000
  state:
    description: Whether to write the review, or to copy what it holds.
    type: str
    choices: [compared, copied]
    default: compared
extends_documentation_fragment:
  - hasivu.ops.database
attributes:
  check_mode:
    description: Compares and writes no file; with O(state=copied) it counts what would be copied.
    support: full
  diff_mode:
    description: The review is the difference.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Find what the bad deploy did to the menus
  hasivu.ops.db_rows_comparison:
    host: db.example.com
    database: hasivu
    user: hasivu_maint
    copy: {host: copy.example.com, database: hasivu, user: hasivu_maint}
    tables:
      - {name: public.menu_items, key: [id]}
    review: /var/lib/hasivu-play/runs/1/rows.json

- name: Copy the reviewed rows back
  hasivu.ops.db_rows_comparison:
    host: db.example.com
    database: hasivu
    user: hasivu_maint
    copy: {host: copy.example.com, database: hasivu, user: hasivu_maint}
    tables:
      - {name: public.menu_items, key: [id]}
    review: /var/lib/hasivu-play/runs/1/rows.json
    review_sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    state: copied
"""

RETURN = r"""
kept_in:
  description: Schema of production in which what was overwritten is kept; empty when nothing was.
  returned: when state is copied
  type: str
review:
  description:
    - Of each table how many rows were deleted, changed, in conflict and created since, whether it was dropped, and
      examples by their keys.
  returned: when state is compared
  type: dict
rows:
  description: The same as rows of a page.
  returned: when state is compared
  type: list
  elements: dict
sha256:
  description: SHA-256 of the review as it was written.
  returned: when state is compared
  type: str
copied:
  description: Of each table how many rows were inserted and updated.
  returned: when state is copied
  type: dict
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import rows_review
from ansible_collections.hasivu.ops.plugins.module_utils.database import (
    CONNECTION_OPTIONS,
    connect,
    not_connected,
    open_connection,
    stop_class,
)
from ansible_collections.hasivu.ops.plugins.module_utils.fingerprint import read_server
from ansible_collections.hasivu.ops.plugins.module_utils.rows_copy import copy_back, planned
from ansible_collections.hasivu.ops.plugins.module_utils.rows_kept import schema_of
from ansible_collections.hasivu.ops.plugins.module_utils.rows_table import CopyError
from ansible_collections.hasivu.ops.plugins.module_utils.rows_tables import compare_tables, reviewed_tables
from ansible_collections.hasivu.ops.plugins.module_utils.verification_ranges import make_alike

try:
    import psycopg
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

TABLE = {
    "name": {"type": "str", "required": True},
    "key": {"type": "list", "elements": "str", "required": True, "no_log": False},
    "created": {"type": "str"},
    "gap_minutes": {"type": "int"},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "copy": {"type": "dict", "options": CONNECTION_OPTIONS, "required": True},
    "tables": {"type": "list", "elements": "dict", "options": TABLE, "required": True},
    "review": {"type": "path", "required": True},
    "review_sha256": {"type": "str"},
    "original": {"type": "path"},
    "keep_in": {"type": "str"},
    "bulk_rows": {"type": "int", "default": 10},
    "recovery_xid": {"type": "int"},
    "most_rows": {"type": "int", "default": 10000},
    "state": {"type": "str", "choices": ["compared", "copied"], "default": "compared"},
}


def main() -> None:
    """Compare, or copy what was reviewed."""
    module = AnsibleModule(
        argument_spec={**CONNECTION_OPTIONS, **OPTIONS},
        required_if=[("state", "copied", ["review_sha256"])],
        supports_check_mode=True,
    )
    copying = module.params["state"] == "copied"
    with (
        connect(module, read_only=module.check_mode or not copying, statement_timeout="0") as production,
        connect_copy(module) as copy,
    ):
        for side in (production, copy):
            make_alike(side)
        try:
            check_source(module, production, copy)
            result = copied(module, production, copy) if copying else compared(module, production, copy)
        except (psycopg.Error, CopyError, ValueError, OSError, rows_review.TooManyError) as error:
            stop = stop_class(error) if isinstance(error, psycopg.Error) else "finding"
            said = " ".join(str(error).split())
            module.fail_json(msg=f"Nothing was copied: {said}. Compare anew and review again.", stop=stop)
    module.exit_json(**result)


def connect_copy(module: AnsibleModule) -> Any:
    """Log in to the copy."""
    try:
        return open_connection(module.params["copy"], read_only=True, statement_timeout="0")
    except psycopg.OperationalError as error:
        return module.fail_json(msg=not_connected(module.params["copy"], error), stop="resumable")


def check_source(module: AnsibleModule, production: Any, copy: Any) -> None:
    """Refuse a copy of another database, whose rows would be strangers."""
    source, restored = (read_server(side)["system_identifier"] for side in (production, copy))
    if source is None or source != restored:
        module.fail_json(
            msg=f"The copy {restored} is none of this server {source}. Name the right one.", stop="refused"
        )


def compared(module: AnsibleModule, production: Any, copy: Any) -> dict[str, Any]:
    """Write the review, and return its numbers."""
    tables = compare_tables(production, copy, module.params)
    numbers = {name: rows_review.numbers(found) for name, found in tables.items()}
    page = [rows_review.page_row(name, found) for name, found in numbers.items()]
    sha256 = "" if module.check_mode else rows_review.write(module.params["review"], {"tables": tables})
    return {"changed": False, "review": numbers, "rows": page, "sha256": sha256}


def copied(module: AnsibleModule, production: Any, copy: Any) -> dict[str, Any]:
    """Copy the reviewed rows, or in a rehearsal count them."""
    options = module.params
    review = rows_review.read(options["review"], options["review_sha256"])
    if options["original"]:
        rows_review.check_shortened(review, rows_review.parse(Path(options["original"]).read_bytes()))
    tables = reviewed_tables(production, options["tables"], review)
    schema = schema_of(options["keep_in"]) if options["keep_in"] else ""
    if module.check_mode:
        done = {name: planned(production, copy, table, review["tables"][name]) for name, table in tables.items()}
    else:
        done = copy_back(production, copy, tables, review, schema)
    changed = any(any(counts.values()) for counts in done.values())
    return {"changed": changed, "copied": done, "kept_in": schema if changed else ""}


if __name__ == "__main__":
    main()
