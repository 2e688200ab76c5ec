#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Begin to restore a database instance beside the old one, with every parameter carried over."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_instance_restore
short_description: Begin to restore an RDS database beside the old one
version_added: 0.4.0
description:
  - Restores an instance to a point in time or from a snapshot, under a new identifier. What a restore is not told falls
    back to defaults of RDS, so every parameter that the call accepts is carried over from O(captured).
  - A target that exists with the tag of this run is the one that an earlier try has begun; nothing is done then. A
    target that exists without it is somebody else's, and is refused.
  - Where the captured instance is a member of an Aurora cluster, the cluster is restored and its members are made.
  - Does not wait; M(hasivu.ops.db_instance_wait) does.
options:
  instance_id:
    description: Identifier of the new instance, or of the new cluster.
    type: str
    required: true
  source_instance:
    description: Identifier of the instance whose backups are restored.
    type: str
  source_resource_id:
    description: Immutable identifier (DbiResourceId) of an instance, which names its backups even when it is gone.
    type: str
  source_backups_arn:
    description: ARN of automated backups, such as those that were replicated from another Region.
    type: str
  snapshot_id:
    description: Snapshot to restore from.
    type: str
  restore_time:
    description: Moment to restore to, as RFC 3339 in UTC. Without it, the latest that is possible.
    type: str
  captured:
    description: The old instance as M(hasivu.ops.db_instance_info) returned it.
    type: dict
    required: true
  captured_cluster:
    description: The cluster of the old instance, as DescribeDBClusters showed it.
    type: dict
  captured_members:
    description: The members of that cluster, as DescribeDBInstances showed them; without it O(captured) alone.
    type: list
    elements: dict
  declared:
    description:
      - Parameters of the call that the inventory declares. They count where O(captured) does not tell them, as for an
        instance that is gone, of which only backups are left.
    type: dict
    default: {}
  overrides:
    description: Parameters of the call, as RDS names them, that shall not be as captured.
    type: dict
    default: {}
  tags:
    description: Further tags of the new instance, such as incident, source and restore point.
    type: dict
    default: {}
  begun:
    description:
      - Whether the procedure has changed something before. What RDS refuses, for want of a key, a quota or capacity,
        then stops a run that is to be resumed; otherwise nothing was changed and the run counts as refused.
    type: bool
    default: false
extends_documentation_fragment:
  - hasivu.ops.run_tag
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Tells the whole call, and the origin of every parameter; sends nothing.
    support: full
  diff_mode:
    description: Shows the parameters of the new instance.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Restore the database to the second before the bad deploy
  hasivu.ops.db_instance_restore:
    instance_id: hasivu-production-r-202611261430
    source_instance: hasivu-production
    restore_time: "2026-11-26T14:12:09Z"
    captured: "{{ database_before.instance }}"
    run_id: "{{ hasivu_run.origin }}"
    tags: {hasivu-incident: INC-1}
    region: ap-south-1
"""

RETURN = r"""
state:
  description: V(started), V(continues) where an earlier try has begun it, or V(planned) in check mode.
  returned: success
  type: str
parameters:
  description: Every parameter of the first call, with O(ignore:value) and origin.
  returned: success
  type: list
  elements: dict
  sample: [{name: MultiAZ, value: false, origin: "rule: one zone until after the cutover"}]
calls:
  description: Every call with its parameters; more than one for a cluster only.
  returned: success
  type: list
  elements: dict
later:
  description: Settings that the restore does not take, which M(hasivu.ops.db_instance_settings) brings.
  returned: success
  type: list
  elements: dict
instance:
  description: The new instance, or cluster, as RDS shows it; empty in check mode.
  returned: success
  type: dict
began_at:
  description: When RDS took the call, as RFC 3339 in UTC.
  returned: when it was sent now
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import rds as talk
from ansible_collections.hasivu.ops.plugins.module_utils import rds_restore as decide
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, error_code
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.rds_parameters import left_for_later

SOURCES = ("source_instance", "source_resource_id", "source_backups_arn", "snapshot_id")
OPTIONS: dict[str, dict[str, Any]] = {
    "instance_id": {"type": "str", "required": True},
    **{name: {"type": "str"} for name in (*SOURCES, "restore_time")},
    "captured": {"type": "dict", "required": True},
    "captured_cluster": {"type": "dict"},
    "captured_members": {"type": "list", "elements": "dict"},
    "declared": {"type": "dict", "default": {}},
    "overrides": {"type": "dict", "default": {}},
    "tags": {"type": "dict", "default": {}},
    "begun": {"type": "bool", "default": False},
    **talk.RUN_TAG_OPTIONS,
    **AWS_OPTIONS,
}
CLUSTER_NOT_FOUND = ("DBClusterNotFoundFault", "DBClusterNotFound")


def main() -> None:
    """Plan, look whether the target is there, begin, and report."""
    module = AnsibleModule(
        argument_spec=OPTIONS,
        mutually_exclusive=[SOURCES, ("snapshot_id", "restore_time")],
        required_one_of=[SOURCES],
        supports_check_mode=True,
    )
    check_moment(module)
    calls = decide.calls(module.params)
    caller = talk.rds_client(module)
    try:
        present = target(caller, module.params)
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        talk.give_up(module, f"Looking for {module.params['instance_id']}", error)
    refuse_foreign(module, present)
    result = report(module.params, calls, present)
    if module.check_mode:
        module.exit_json(**result)
    begun = begin(module, caller, calls, present)
    module.exit_json(**{**result, **begun})


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of RDS before the worker of the step is forked."""
    preload_service("rds")


def check_moment(module: AnsibleModule) -> None:
    """Fail when the moment to restore to is none, or is not known to be in UTC."""
    written = module.params["restore_time"]
    try:
        ok = written is None or talk.moment(written)
    except ValueError:
        ok = False
    if not ok:
        module.fail_json(msg=f"{written} is no moment. Give it as RFC 3339: 2026-11-26T14:12:09Z.", stop="bad_input")


def target(caller: Any, options: dict[str, Any]) -> dict[str, Any] | None:
    """Return the target where it exists already."""
    if not decide.is_cluster(options["captured"]):
        return talk.find_instance(caller, options["instance_id"])
    try:
        found = caller.describe_db_clusters(DBClusterIdentifier=options["instance_id"])["DBClusters"]
    except Exception as error:  # boto3 raises errors of many families
        if error_code(error) in CLUSTER_NOT_FOUND:
            return None
        raise
    cluster: dict[str, Any] | None = talk.plain(found[0]) if found else None
    return cluster


def refuse_foreign(module: AnsibleModule, present: dict[str, Any] | None) -> None:
    """Fail when the target belongs to somebody else."""
    if present is not None and not talk.is_ours(present, module.params["run_id"]):
        begun = module.params["begun"]
        module.fail_json(
            msg=f"{module.params['instance_id']} exists already and does not bear the tag of this run. Look up "
            f"what it is before anybody deletes it. {'Take the run back; begin' if begun else 'Begin'} with another.",
            stop="resumable" if begun else "refused",
            instance=present,
        )


def report(options: dict[str, Any], calls: list[decide.Call], present: dict[str, Any] | None) -> dict[str, Any]:
    """Return what is to be told of the restore, whether it is begun now or was before."""
    planned = {one["name"]: one["value"] for one in calls[0].parameters}
    return {
        "changed": present is None,
        "state": "continues" if present else "planned",
        "parameters": calls[0].parameters,
        "calls": [call.told() for call in calls],
        "later": left_for_later(options["captured"], calls[0].parameters),
        "instance": present or {},
        "diff": {"before": {}, "after": planned} if present is None else {"before": planned, "after": planned},
    }


def begin(
    module: AnsibleModule, caller: Any, calls: list[decide.Call], present: dict[str, Any] | None
) -> dict[str, Any]:
    """Send what has not been sent; members of a cluster that exist already are not made again."""
    found: dict[str, Any] = {"instance": present or {}}
    for position, call in enumerate(calls):
        if position == 0 and present is not None:
            continue
        if position > 0 and talk.find_instance(caller, call.arguments["DBInstanceIdentifier"]):
            continue
        try:
            answer = talk.plain(getattr(caller, call.operation)(**call.arguments))
        except Exception as error:  # boto3 raises errors of many families; each is a sentence here
            talk.give_up(
                module,
                f"The restore of {module.params['instance_id']}",
                error,
                module.params["begun"],
                changed=position > 0,
            )
        if position == 0:
            made = answer.get("DBInstance") or answer.get("DBCluster")
            found = {"instance": made, "state": "started", "began_at": talk.now()}
        found["changed"] = True
    return found


if __name__ == "__main__":
    main()
