#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Promote a read replica to a database of its own, and wait until it takes writes."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_instance_promote
short_description: Promote a read replica of an RDS database instance
version_added: 0.5.0
description:
  - Tags the replica with the run, promotes it, and waits until it is available and follows nobody. It has backups of
    its own from then on.
  - There is no way back from a promotion. An instance that is no replica and bears the tag of this run is the one that
    an earlier try has promoted; nothing is done then. Any other instance is refused.
options:
  source_instance:
    description: Identifier of the instance that the replica must follow.
    type: str
    required: true
  backups:
    description: V(BackupRetentionPeriod) and V(PreferredBackupWindow), as PromoteReadReplica names them.
    type: dict
    default: {}
  tags:
    description: Further tags of the promoted instance, such as the incident.
    type: dict
    default: {}
extends_documentation_fragment:
  - hasivu.ops.db_instance
  - hasivu.ops.run_tag
  - hasivu.ops.run
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Tells whether the replica would be promoted, and sends nothing.
    support: full
  diff_mode:
    description: Shows whom the instance follows before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Promote the replica that is the least behind
  hasivu.ops.db_instance_promote:
    instance_id: hasivu-production-replica
    source_instance: hasivu-production
    run_id: "{{ hasivu_run.origin }}"
    region: ap-south-1
"""

RETURN = r"""
state:
  description: V(done), V(present) where it was promoted already, or V(planned) in check mode.
  returned: success
  type: str
transitions:
  description: Each status that was seen, with C(at) as RFC 3339 in UTC and C(seconds) since the wait began.
  returned: always
  type: list
  elements: dict
waited_seconds:
  description: How long the module waited.
  returned: always
  type: float
status:
  description: The status at the end.
  returned: always
  type: str
instance:
  description: The instance at the end, as DescribeDBInstances shows it.
  returned: always
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import rds as talk
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.rds_promotion import (
    SOURCE,
    Promotion,
    PromotionError,
    is_replica,
)
from ansible_collections.hasivu.ops.plugins.module_utils.rds_wait import HopelessError, StoppedError, listener
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS

OPTIONS: dict[str, dict[str, Any]] = {
    **talk.INSTANCE_OPTIONS,
    "source_instance": {"type": "str", "required": True},
    "backups": {"type": "dict", "default": {}},
    "tags": {"type": "dict", "default": {}},
    **talk.RUN_TAG_OPTIONS,
    **RUN_OPTIONS,
}


def main() -> None:
    """Look, promote where that is not done, wait, and report."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    promotion = Promotion(talk.rds_client(module), module.params, listener(module.params))
    try:
        before = promotion.look()
        if not module.check_mode:
            promotion.bring_about()
    except PromotionError as error:
        module.fail_json(msg=str(error), stop=error.stop, **promotion.watch.result())
    except HopelessError as error:
        module.fail_json(msg=str(error), stop="resumable", **promotion.watch.result())
    except StoppedError as stop:
        message = f"The wait ended because {stop}. Resume the run."
        module.fail_json(msg=message, stop="resumable", **promotion.watch.result())
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        doing = f"The promotion of {module.params['instance_id']}"
        talk.give_up(
            module, doing, error, begun=not module.check_mode, changed=promotion.sent, **promotion.watch.result()
        )
    module.exit_json(**report(promotion, before, planned=module.check_mode))


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of RDS before the worker of the step is forked."""
    preload_service("rds")


def report(promotion: Promotion, before: dict[str, Any], planned: bool) -> dict[str, Any]:
    """Return what is to be told of the promotion."""
    needed = is_replica(before)
    return {
        "changed": needed or promotion.sent,
        "state": "present" if not needed else "planned" if planned else "done",
        "diff": {"before": {"follows": before.get(SOURCE, "nobody")}, "after": {"follows": "nobody"}},
        **promotion.watch.result(),
    }


if __name__ == "__main__":
    main()
