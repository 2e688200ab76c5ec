#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Show that nobody writes to the database any more: no pods, no sessions, no rows, for a while."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: writers_gone
short_description: Wait until nothing has written to the database for a while, and every writer is still at rest
version_added: 0.3.0
description:
  - Looks again and again, until O(for_seconds) went by in which every captured writer was at rest, none of its pods was
    left, no role of O(roles) had a session, no row of the database was inserted, updated or deleted by anybody, and no
    transaction that has written was open.
  - The rows are those that PostgreSQL itself counts in C(pg_stat_user_tables), so that a writer is noticed whatever its
    name and however short its sessions are. Rows of transactions that were rolled back count as well.
  - A writer that somebody put back, such as a GitOps controller, is named with who changed it last.
options:
  captured:
    description: What M(hasivu.ops.writers_info) returned before anything was changed.
    type: dict
    required: true
  roles:
    description: Roles of the application.
    type: list
    elements: str
    required: true
  for_seconds:
    description: Time that must go by without anything.
    type: float
    default: 60
  seconds:
    description: Time that the module may take.
    type: float
    default: 300
  database_readable:
    description: Whether the database can be asked; where it cannot, only writers are looked at, which is a finding.
    type: bool
    default: true
  namespace:
    description: Namespace of the platform.
    type: str
    required: true
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.database
  - hasivu.ops.kubernetes
  - hasivu.ops.run
attributes:
  check_mode:
    description: Looks once, says what is left, and does not wait.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Wait until nobody has written for a minute
  hasivu.ops.writers_gone:
    region: ap-south-1
    kubeconfig: ~/.kube/config
    namespace: production
    host: db.example.com
    database: hasivu
    user: hasivu_maint
    captured: "{{ writers.captured }}"
    roles: [hasivu_app_a, hasivu_app_b]
"""

RETURN = r"""
gone:
  description: Whether nobody writes; can be false in check mode only.
  returned: always
  type: bool
left:
  description: What the last look found.
  returned: always
  type: list
  elements: str
quiet_since:
  description: Since when nothing was found, RFC 3339; absent where something is left.
  returned: when it is quiet
  type: str
findings:
  description: What could not be read.
  returned: always
  type: list
  elements: dict
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.database import CONNECTION_OPTIONS, connect, execute
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import (
    KUBERNETES_IMPORT_ERROR,
    KUBERNETES_OPTIONS,
    KubernetesError,
)
from ansible_collections.hasivu.ops.plugins.module_utils.role_sessions import sessions_of
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import (
    RUN_OPTIONS,
    now,
    report_progress,
    stop_requested,
)
from ansible_collections.hasivu.ops.plugins.module_utils.writer_aws import GoneError, WriterError
from ansible_collections.hasivu.ops.plugins.module_utils.writer_capture_aws import SERVICES
from ansible_collections.hasivu.ops.plugins.module_utils.writer_decision import KINDS, RESTING
from ansible_collections.hasivu.ops.plugins.module_utils.writer_findings import not_counted
from ansible_collections.hasivu.ops.plugins.module_utils.writer_quiet import (
    OPEN,
    WRITTEN,
    Quiet,
    open_said,
    rows_said,
    sessions_said,
)
from ansible_collections.hasivu.ops.plugins.module_utils.writer_work import interface

OPTIONS = {
    "captured": {"type": "dict", "required": True},
    "roles": {"type": "list", "elements": "str", "required": True},
    "for_seconds": {"type": "float", "default": 60},
    "seconds": {"type": "float", "default": 300},
    "database_readable": {"type": "bool", "default": True},
    "namespace": {"type": "str", "required": True},
}
LOOK_SECONDS = 0.5


def main() -> None:
    """Look until it was quiet for long enough, or the time is over."""
    module = AnsibleModule(
        argument_spec={**AWS_OPTIONS, **CONNECTION_OPTIONS, **KUBERNETES_OPTIONS, **RUN_OPTIONS, **OPTIONS},
        supports_check_mode=True,
    )
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    findings = [] if module.params["database_readable"] else [not_counted()]
    try:
        left, quiet_since = watch(module)
    except (KubernetesError, WriterError) as error:
        module.fail_json(
            msg=f"Whether the writers are gone is not known: {error}. Mend that, then resume the run.", stop="resumable"
        )
    result = {"gone": not left and bool(quiet_since), "left": left, "findings": findings}
    if left and not module.check_mode:
        module.fail_json(
            msg=f"Something still writes to the database, or may: {'; '.join(left)}. Stop it, then resume the run.",
            stop="resumable",
            **result,
        )
    module.exit_json(changed=False, **result, **({"quiet_since": quiet_since} if quiet_since else {}))


def preload(arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    for service in SERVICES:
        preload_service(service)


def watch(module: AnsibleModule) -> tuple[list[str], str]:
    """Return what the last look found, and since when it was quiet."""
    options = module.params
    deadline = time.monotonic() + options["seconds"]
    quiet = Quiet(options["for_seconds"])
    rows = written(module)
    while True:
        before, moment = rows, now()
        left = [*restless(module), *sessions(module)]
        rows = written(module)
        left += rows_said(before, rows)
        quiet.note(left, time.monotonic(), moment)
        if module.check_mode or quiet.is_long_enough(time.monotonic()):
            return left, quiet.since
        reason = stop_requested(options["stop_file"])
        if reason:
            raise WriterError(f"a stop was asked for: {reason}")
        if time.monotonic() > deadline:
            seen = quiet.recent(time.monotonic())
            return seen or [f"it was quiet for less than {options['for_seconds']:g} seconds"], ""
        report_progress(options["progress_file"], "; ".join(left) or "nothing is written")
        time.sleep(LOOK_SECONDS)


def restless(module: AnsibleModule) -> list[str]:
    """Return the captured writers that are not at rest."""
    said = []
    for kind in KINDS:
        names = module.params["captured"].get(kind) or {}
        api = interface(module, kind) if names else None
        for name in names:
            try:
                value, busy = api.read(name), api.unsettled(name)
                author = api.author(name) if value != RESTING[kind] else ""
            except GoneError:
                continue
            if author:
                said.append(f"{kind}/{name} is {value} again, last changed by {author}")
            elif busy:
                said.append(f"{kind}/{name}: {busy}")
    return said


def sessions(module: AnsibleModule) -> list[str]:
    """Return the sessions of the application that are left, and the transactions of anybody that have written."""
    if not module.params["database_readable"]:
        return []
    with connect(module, read_only=True) as connection:
        found = execute(module, connection, OPEN, doing="Looking for transactions that have written").fetchall()
        left = [said for role in module.params["roles"] for said in sessions_said(role, sessions_of(connection, role))]
    return [*left, *open_said(found)]


def written(module: AnsibleModule) -> dict[str, int]:
    """Return how many rows of each table were ever written, as the server counts them."""
    if not module.params["database_readable"]:
        return {}
    with connect(module, read_only=True) as connection:
        found = execute(module, connection, WRITTEN, doing="Counting the rows that were written").fetchall()
    return {row["name"]: row["written"] for row in found}


if __name__ == "__main__":
    main()
