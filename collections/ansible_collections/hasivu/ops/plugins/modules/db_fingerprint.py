#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Take the fingerprint of a database, and keep it."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_fingerprint
short_description: Take the fingerprint of a database, by which a restored copy is verified
version_added: 0.3.0
description:
  - Reads what a restored copy must equal. That is the version, the extensions, one hash for each object of the schema
    and one over all, rows, bounds and newest row of the critical tables, sequences, invalid indexes, roles and their
    settings.
  - The verifiers of roles are never read.
  - It only reads, in a session that the server keeps from writing.
options:
  path:
    description:
      - File of mode 0600 in which the fingerprint is kept as JSON. One that is there already is never overwritten, and
        what it holds is returned instead.
    type: path
extends_documentation_fragment:
  - hasivu.ops.critical_tables
  - hasivu.ops.database
attributes:
  check_mode:
    description: Reads everything and keeps no file.
    support: full
  diff_mode:
    description: Nothing of the database changes, so there is no difference to show.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Take the fingerprint of the old database
  hasivu.ops.db_fingerprint:
    host: db.example.com
    database: hasivu
    user: hasivu_maint
    tables:
      - {name: public.orders, key: [id], created: created_at, gap_minutes: 60}
    path: /var/lib/hasivu-play/runs/1/fingerprint.json
"""

RETURN = r"""
fingerprint:
  description:
    - The fingerprint, with C(server), C(extensions), C(schema), C(invalid_indexes), C(tables), C(sequences), C(roles)
      and C(settings). A table that is not there has null in C(tables). The hash over the whole schema is
      C(schema.hash), that of each object is in C(schema.objects).
  returned: success
  type: dict
kept:
  description: Whether it was there before, from an earlier run or the first part of this one.
  returned: success
  type: bool
"""

import json
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.database import CONNECTION_OPTIONS, connect, stop_class
from ansible_collections.hasivu.ops.plugins.module_utils.fingerprint import TABLE_OPTIONS, read_fingerprint
from ansible_collections.hasivu.ops.plugins.module_utils.report_file import write_private

try:
    import psycopg
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

OPTIONS: dict[str, dict[str, Any]] = {
    "tables": {"type": "list", "elements": "dict", "options": TABLE_OPTIONS, "required": True},
    "path": {"type": "path"},
}


def main() -> None:
    """Return the fingerprint that is kept, or take it."""
    module = AnsibleModule(argument_spec={**CONNECTION_OPTIONS, **OPTIONS}, supports_check_mode=True)
    kept = read_kept(module)
    if kept is not None:
        module.exit_json(changed=False, fingerprint=kept, kept=True)
    found = take(module)
    if module.params["path"] and not module.check_mode:
        keep(module, found)
    module.exit_json(changed=False, fingerprint=found, kept=False)


def read_kept(module: AnsibleModule) -> dict[str, Any] | None:
    """Return the fingerprint in the file, or nothing where there is none."""
    path = module.params["path"]
    if not path or not Path(path).exists():
        return None
    try:
        kept: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        module.fail_json(msg=f"The fingerprint in {path} cannot be read: {error}. Move it away, then resume.")
    return kept


def take(module: AnsibleModule) -> dict[str, Any]:
    """Read the fingerprint of the database."""
    with connect(module, read_only=True, statement_timeout="0") as connection:
        try:
            return read_fingerprint(connection, module.params["tables"])
        except psycopg.Error as error:
            said = " ".join(str(error).split())
            message = f"The fingerprint cannot be taken: {said}. Check the tables and the rights of the role."
            return module.fail_json(msg=message, stop=stop_class(error))


def keep(module: AnsibleModule, found: dict[str, Any]) -> None:
    """Write the file."""
    path = Path(module.params["path"])
    try:
        write_private(path, json.dumps(found, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        module.fail_json(msg=f"The fingerprint cannot be kept in {path}: {error}. Mend that, then resume.")


if __name__ == "__main__":
    main()
