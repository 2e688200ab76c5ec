#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Take back the copying of reviewed rows, from what it kept in a schema of production."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_rows_undo
short_description: Take back what db_rows_comparison copied
version_added: 0.3.0
description:
  - Takes away the rows that M(hasivu.ops.db_rows_comparison) put back, and gives those that it changed back what they
    held before, children first and in one transaction. Then the schema that kept it is dropped.
  - Only rows that are still what the copy made of them are touched, and none that others have come to refer to; else
    nothing is taken back, and people decide.
options:
  keep_in:
    description: The name that the copy was given in C(keep_in).
    type: str
    required: true
extends_documentation_fragment:
  - hasivu.ops.database
attributes:
  check_mode:
    description: Counts what would be taken back.
    support: full
  diff_mode:
    description: Shows how many rows of each table there are to take back.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Take back the rows that were brought back
  hasivu.ops.db_rows_undo:
    host: db.example.com
    database: hasivu
    user: hasivu_maint
    keep_in: 20261126T061104Z-db-recovery-production-1a2b
"""

RETURN = r"""
undone:
  description: Of each table how many rows that were inserted or updated were taken back; in check mode, would be.
  returned: success
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.database import CONNECTION_OPTIONS, connect, stop_class
from ansible_collections.hasivu.ops.plugins.module_utils.rows_kept import DID, counted, read_kept, schema_of, undo
from ansible_collections.hasivu.ops.plugins.module_utils.rows_table import CopyError
from ansible_collections.hasivu.ops.plugins.module_utils.verification_ranges import make_alike

try:
    import psycopg
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None


def main() -> None:
    """Take back, or count."""
    module = AnsibleModule(
        argument_spec={**CONNECTION_OPTIONS, "keep_in": {"type": "str", "required": True}}, supports_check_mode=True
    )
    schema = schema_of(module.params["keep_in"])
    with connect(module, read_only=module.check_mode, statement_timeout="0") as production:
        make_alike(production)
        try:
            kept = read_kept(production, schema)
            undone = counted(kept) if module.check_mode else undo(production, schema)
        except CopyError as error:
            module.fail_json(msg=f"Nothing was taken back: {error}. People must decide which holds.", stop="decision")
        except (psycopg.Error, ValueError) as error:
            stop = stop_class(error) if isinstance(error, psycopg.Error) else "decision"
            said = " ".join(str(error).split())
            module.fail_json(msg=f"Nothing was taken back: {said}. Mend that, then take it back again.", stop=stop)
    module.exit_json(**report(undone))


def report(undone: dict[str, dict[str, int]]) -> dict[str, Any]:
    """Build the result."""
    none = {table: dict.fromkeys(DID, 0) for table in undone}
    return {"changed": bool(undone), "undone": undone, "diff": {"before": undone, "after": none}}


if __name__ == "__main__":
    main()
