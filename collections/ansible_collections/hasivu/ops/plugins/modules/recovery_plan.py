#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module recovery_plan: decides by which way a database comes back, and says why."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: recovery_plan
short_description: Decide by which way a database comes back, and what that loses
version_added: 0.3.0
description:
  - Chooses the way that loses least of those that what is left allows, or judges the one that was named.
  - Asks nobody; it is told what there is. It refuses a loss above the recovery point objective that was not accepted.
options:
  status:
    description: Status of the instance as RDS tells it; empty when there is no such instance.
    type: str
    default: ""
  multi_az:
    description: Whether a standby takes over.
    type: bool
    default: false
  window:
    description: C(earliest) and C(latest) moment of point-in-time recovery here, RFC 3339; empty when there is none.
    type: dict
    default: {}
  elsewhere:
    description: The same of backups that are replicated to the other Region.
    type: dict
    default: {}
  snapshots:
    description: Snapshots, each with C(id), C(created) and C(status), as M(hasivu.ops.db_instance_info) returns them.
    type: list
    elements: dict
    default: []
  replicas:
    description: Read replicas that are available, each with C(id) and C(lag) in seconds.
    type: list
    elements: dict
    default: []
  strategy:
    description: The way that is wanted; V(auto) chooses.
    type: str
    choices: [auto, failover, pitr, snapshot, replica-promote, cross-region, selective]
    default: auto
  restore_time:
    description: Last moment whose writes are wanted, RFC 3339; empty for all of them.
    type: str
    default: ""
  snapshot_id:
    description: Snapshot that is to be restored.
    type: str
    default: ""
  tables:
    description: Tables that alone are damaged.
    type: list
    elements: str
    default: []
  rpo_target_s:
    description: Recovery point objective, in seconds.
    type: int
    required: true
  accept_loss_s:
    description: Loss that was approved, in seconds.
    type: int
    default: 0
attributes:
  check_mode:
    description: It decides and changes nothing.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Decide by which way the database comes back
  hasivu.ops.recovery_plan:
    status: available
    window: {earliest: "2026-10-22T20:30:00Z", latest: "2026-11-26T06:25:00Z"}
    restore_time: "2026-11-26T06:11:04Z"
    rpo_target_s: 3600
  register: plan
"""

RETURN = r"""
strategy:
  description: The way back.
  returned: success
  type: str
  sample: pitr
restore_time:
  description: Moment that is restored, RFC 3339; empty when it is the newest one.
  returned: success
  type: str
point:
  description: Moment that the restored database holds, RFC 3339; empty when that is the newest one.
  returned: success
  type: str
snapshot_id:
  description: Snapshot that is restored; empty for every other way.
  returned: success
  type: str
replica_id:
  description: Replica that is promoted; empty for every other way.
  returned: success
  type: str
loss_seconds:
  description: Time whose writes are lost, at most.
  returned: success
  type: float
restores:
  description: Whether the way makes a new instance.
  returned: success
  type: bool
moves:
  description: Whether the application moves to another instance.
  returned: success
  type: bool
why:
  description: Sentences that explain the choice.
  returned: success
  type: list
  elements: str
"""

from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_strategy import (
    RESTORES,
    STRATEGIES,
    Choice,
    Replica,
    Snapshot,
    Window,
    Wish,
    World,
    choose,
)

OPTIONS: dict[str, dict[str, Any]] = {
    "status": {"type": "str", "default": ""},
    "multi_az": {"type": "bool", "default": False},
    "window": {"type": "dict", "default": {}},
    "elsewhere": {"type": "dict", "default": {}},
    "snapshots": {"type": "list", "elements": "dict", "default": []},
    "replicas": {"type": "list", "elements": "dict", "default": []},
    "strategy": {"type": "str", "choices": ["auto", *STRATEGIES], "default": "auto"},
    "restore_time": {"type": "str", "default": ""},
    "snapshot_id": {"type": "str", "default": ""},
    "tables": {"type": "list", "elements": "str", "default": []},
    "rpo_target_s": {"type": "int", "required": True},
    "accept_loss_s": {"type": "int", "default": 0},
}
# These leave the application where it is.
STAYS = frozenset({"failover", "selective"})


def main() -> None:
    """Decide, or refuse."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    try:
        choice = choose(world_of(module.params), wish_of(module.params))
    except (KeyError, ValueError) as error:
        module.fail_json(
            msg=f"A time or a name is missing or malformed: {error}. Write times as 2026-11-26T06:11:04Z.",
            stop="bad_input",
        )
    if choice.objections:
        module.fail_json(msg=" ".join(choice.objections), stop="refused", **told(choice))
    module.exit_json(changed=False, **told(choice))


def world_of(options: dict[str, Any]) -> World:
    """Return what there is to recover from."""
    return World(
        status=options["status"],
        multi_az=options["multi_az"],
        window=window_of(options["window"]),
        snapshots=tuple(
            Snapshot(one["id"], moment(one["created"])) for one in options["snapshots"] if one["status"] == "available"
        ),
        replicas=tuple(Replica(one["id"], float(one["lag"])) for one in options["replicas"]),
        elsewhere=window_of(options["elsewhere"]),
    )


def wish_of(options: dict[str, Any]) -> Wish:
    """Return what the operator asked for, now."""
    return Wish(
        strategy=options["strategy"],
        restore_time=moment(options["restore_time"]) if options["restore_time"] else None,
        snapshot=options["snapshot_id"],
        tables=tuple(options["tables"]),
        now=datetime.now(UTC),
        target_seconds=options["rpo_target_s"],
        accepted_seconds=options["accept_loss_s"],
    )


def window_of(ends: dict[str, Any]) -> Window | None:
    """Return a window, or nothing when one end is missing."""
    if not ends.get("earliest") or not ends.get("latest"):
        return None
    return Window(moment(ends["earliest"]), moment(ends["latest"]))


def moment(text: str) -> datetime:
    """Return an aware time; without an offset it is in UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def told(choice: Choice) -> dict[str, Any]:
    """Return the decision as the module returns it."""
    return {
        "strategy": choice.strategy,
        "restore_time": written(choice.restore_time),
        "snapshot_id": choice.snapshot,
        "point": written(choice.restore_time or choice.taken),
        "replica_id": choice.replica,
        "loss_seconds": round(choice.loss_seconds, 3),
        "restores": choice.strategy in RESTORES,
        "moves": bool(choice.strategy) and choice.strategy not in STAYS,
        "why": choice.why,
    }


def written(at: datetime | None) -> str:
    """Return a time as RFC 3339, or nothing."""
    return at.astimezone(UTC).isoformat() if at else ""


if __name__ == "__main__":
    main()
