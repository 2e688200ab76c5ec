#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wait until nobody is logged in as a role, again and again, and the time of grace is over."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_sessions_drained
short_description: Wait until a PostgreSQL role has no sessions and a time of grace is over
version_added: 0.2.0
description:
  - Counts the sessions of a role. It is drained when several counts in a row, a while apart, found none, and the time
    of grace since an instant is over.
  - Where that cannot be reached in the time given, it fails as resumable and says when to resume; nothing waits for it.
  - A session older than any connection of a known consumer belongs to an unknown one and is a finding.
options:
  role:
    description: Role that is to have no sessions.
    type: str
    required: true
  admin_secret_id:
    description: Secret of the role that looks.
    type: str
    required: true
  checks:
    description: Counts in a row that must find no session.
    type: int
    default: 3
  interval_seconds:
    description: Time between two counts.
    type: float
    default: 300
  since:
    description: Instant, RFC 3339, from which the time of grace runs.
    type: str
    required: true
  grace_hours:
    description: Time of grace.
    type: float
    default: 24
  max_lifetime_seconds:
    description: Time after which each known consumer closes a connection.
    type: float
    default: 3600
  most_seconds:
    description: Time that the module may take.
    type: float
    default: 1800
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.database_server
  - hasivu.ops.run
attributes:
  check_mode:
    description: Counts once, and does not wait.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Wait until nobody uses the old login
  hasivu.ops.db_sessions_drained:
    host: db.example.com
    database: hasivu
    region: ap-south-1
    admin_secret_id: hasivu/production/database/rotator
    role: hasivu_app_a
    since: "2026-12-06T06:14:03Z"
"""

RETURN = r"""
drained:
  description: Whether the role is drained; can be false in check mode only.
  returned: success
  type: bool
counts:
  description: What each count found, with its instant.
  returned: always
  type: list
  elements: dict
sessions:
  description: The sessions that the last count found.
  returned: always
  type: list
  elements: dict
findings:
  description: Sessions of unknown consumers.
  returned: always
  type: list
  elements: dict
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.role_login import SERVER_OPTIONS, administrator, check_library
from ansible_collections.hasivu.ops.plugins.module_utils.role_sessions import left_finding, longest_lived, sessions_of
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import (
    RUN_OPTIONS,
    now,
    report_progress,
    stop_requested,
)

OPTIONS = {
    "role": {"type": "str", "required": True},
    "admin_secret_id": {"type": "str", "required": True, "no_log": False},
    "checks": {"type": "int", "default": 3},
    "interval_seconds": {"type": "float", "default": 300},
    "since": {"type": "str", "required": True},
    "grace_hours": {"type": "float", "default": 24},
    "max_lifetime_seconds": {"type": "float", "default": 3600},
    "most_seconds": {"type": "float", "default": 1800},
}
BOTH_WORK = "both roles work meanwhile, so nothing is lost by waiting"


def main() -> None:
    """Count until the role is drained or the time is over."""
    module = AnsibleModule(
        argument_spec={**SERVER_OPTIONS, **AWS_OPTIONS, **RUN_OPTIONS, **OPTIONS}, supports_check_mode=True
    )
    check_library(module)
    over = datetime.fromisoformat(module.params["since"]) + timedelta(hours=module.params["grace_hours"])
    left = (over - datetime.now(UTC)).total_seconds()
    counts, sessions = ([], count(module)) if module.check_mode else wait(module, left)
    findings = [
        left_finding(session, module.params["role"])
        for session in longest_lived(sessions, module.params["max_lifetime_seconds"])
    ]
    done = is_drained(counts, module.params["checks"]) and datetime.now(UTC) >= over
    result = {"counts": counts, "sessions": sessions, "findings": findings}
    if not done and not module.check_mode:
        module.fail_json(msg=why_not(module.params, sessions, over, bool(findings)), stop="resumable", **result)
    module.exit_json(changed=False, drained=done, **result)


def preload(arguments: dict[str, Any]) -> None:
    """Load the model of the service before the worker of the step is forked."""
    preload_service("secretsmanager")


def count(module: AnsibleModule) -> list[dict[str, Any]]:
    """Return the sessions of the role now; a session of its own, for the server may restart in between."""
    with administrator(module) as connection:
        return sessions_of(connection, module.params["role"])


def wait(module: AnsibleModule, grace_left: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Count until enough counts in a row found nobody, as long as the grace can end in the time given."""
    options = module.params
    deadline = time.monotonic() + options["most_seconds"]
    grace_over = time.monotonic() + grace_left
    counts: list[dict[str, Any]] = []
    while True:
        sessions = count(module)
        counts.append({"at": now(), "sessions": len(sessions)})
        report_progress(options["progress_file"], f"{options['role']} has {len(sessions)} sessions")
        pause = next_pause(is_drained(counts, options["checks"]), grace_over - time.monotonic(), options)
        if pause is None or time.monotonic() + pause > deadline or grace_over > deadline:
            return counts, sessions
        if sleep_unless(lambda: stop_requested(options["stop_file"]), pause):
            return counts, sessions


def next_pause(drained: bool, grace_left: float, options: dict[str, Any]) -> float | None:
    """Return how long to wait for the next count, or nothing when none is needed."""
    if drained and grace_left <= 0:
        return None
    pause: float = options["interval_seconds"]
    return min(pause, max(grace_left, 0)) if drained else pause


def sleep_unless(asked_to_stop: Callable[[], Any], seconds: float) -> bool:
    """Wait, and tell whether somebody asked to stop meanwhile."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if asked_to_stop():
            return True
        time.sleep(min(0.5, max(0.0, end - time.monotonic())))
    return bool(asked_to_stop())


def is_drained(counts: list[dict[str, Any]], checks: int) -> bool:
    """Tell whether enough counts in a row found nobody."""
    return len(counts) >= checks and not any(entry["sessions"] for entry in counts[-checks:])


def why_not(options: dict[str, Any], sessions: list[dict[str, Any]], over: datetime, unknown: bool) -> str:
    """Say why the role is not drained, and when to resume."""
    role = options["role"]
    if sessions:
        who = ", ".join(sorted({f"{one['application']} at {one['client']}" for one in sessions}))
        what = "an unknown consumer, so find it and give it the secret" if unknown else "its connections may yet end"
        return f"{role} still has {len(sessions)} sessions of {who}; {what}. Resume when they are gone; {BOTH_WORK}."
    india = over.astimezone(UTC) + timedelta(hours=5, minutes=30)
    return (
        f"The time of grace of {role} ends at {india:%Y-%m-%d %H:%M} IST, after the time that this run has. "
        f"Resume the run then; {BOTH_WORK}."
    )


if __name__ == "__main__":
    main()
