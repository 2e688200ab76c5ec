#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Take or release the lock of resources that a run changes."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: resource_lock
short_description: Take or release the lock of resources that a run changes
version_added: 0.1.0
description:
  - Takes the lock of each resource as a Lease of Kubernetes and as an object of S3, so that runs on different machines
    meet, even while one of the two is out of reach. One store is enough; without any the module fails.
  - A process of its own renews the lock while the run lives. When the run is killed, the lock expires.
  - A lock that another run holds is never taken before it has expired.
options:
  resources:
    description: What the run changes, such as V(database/hasivu-production).
    type: list
    elements: str
    required: true
  state:
    description: Whether the run is to hold the lock.
    type: str
    choices: [present, absent]
    default: present
  holder:
    description: Id of the run.
    type: str
    required: true
  resumes:
    description: Id of the interrupted run that this run goes on with; its lock is taken over at once.
    type: str
    default: ""
  procedure:
    description: Procedure that the run belongs to, for whoever meets the lock.
    type: str
    default: unknown procedure
  operator:
    description: Who started the run, for whoever meets the lock.
    type: str
    default: unknown operator
  owner_pid:
    description: Process on this machine that the lock lives and dies with.
    type: int
  seconds:
    description: How long the lock lasts without a renewal.
    type: int
    default: 60
  stop_file:
    description: File to write when the lock is lost, so that the run stops at its next safe point.
    type: path
  namespace:
    description: Namespace of the Leases.
    type: str
    required: true
  bucket:
    description: Bucket of the objects.
    type: str
    required: true
extends_documentation_fragment:
  - hasivu.ops.kubernetes
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Tells whether the lock is free, and writes nothing.
    support: full
  diff_mode:
    description: Shows the holder before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Take the lock of the database
  hasivu.ops.resource_lock:
    resources: [database/hasivu-production]
    holder: 20261122T203000Z-weekly-db-production-1f2e
    owner_pid: 4711
    kubeconfig: ~/.kube/config
    namespace: production
    bucket: hasivu-prod-locks
    region: ap-south-1
"""

RETURN = r"""
holders:
  description: The run that holds each resource now; empty where none does.
  returned: success
  type: dict
  sample: {database/hasivu-production: 20261122T203000Z-weekly-db-production-1f2e}
stores:
  description: The stores that hold the lock.
  returned: success
  type: list
  elements: str
  sample: [kubernetes, s3]
unavailable:
  description: The stores that could not be asked, and why.
  returned: success
  type: dict
"""

from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils import lock
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, BOTO3_IMPORT_ERROR
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import KUBERNETES_IMPORT_ERROR, KUBERNETES_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.lock_keeper import Kept, start_keeper
from ansible_collections.hasivu.ops.plugins.module_utils.lock_kubernetes import LeaseStore
from ansible_collections.hasivu.ops.plugins.module_utils.lock_s3 import ObjectStore

OPTIONS: dict[str, dict[str, Any]] = {
    "resources": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "holder": {"type": "str", "required": True},
    "resumes": {"type": "str", "default": ""},
    "procedure": {"type": "str", "default": "unknown procedure"},
    "operator": {"type": "str", "default": "unknown operator"},
    "owner_pid": {"type": "int"},
    "seconds": {"type": "int", "default": 60},
    "stop_file": {"type": "path"},
    "namespace": {"type": "str", "required": True},
    "bucket": {"type": "str", "required": True},
    **KUBERNETES_OPTIONS,
    **AWS_OPTIONS,
}


def main() -> None:
    """Take or release the lock, and report."""
    module = AnsibleModule(
        argument_spec=OPTIONS,
        required_if=[("state", "present", ["owner_pid"])],
        supports_check_mode=True,
    )
    for library, error in (("kubernetes", KUBERNETES_IMPORT_ERROR), ("boto3", BOTO3_IMPORT_ERROR)):
        if error:
            module.fail_json(msg=missing_required_lib(library), exception=error)
    if module.params["state"] == "present":
        take(module, stores_of(module.params))
    give_up(module, stores_of(module.params))


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of S3 before the worker of the step is forked."""
    preload_service("s3")


def stores_of(options: dict[str, Any]) -> list[lock.Store]:
    """Return both stores of locks, in the order in which every run asks them."""
    return [
        LeaseStore(options["kubeconfig"], options["context"], options["namespace"]),
        ObjectStore(options["bucket"], options["region"], options["endpoint_url"]),
    ]


def take(module: AnsibleModule, stores: list[lock.Store]) -> NoReturn:
    """Take the lock of every resource in every store, or in none, and end the module."""
    options = module.params
    attempt = lock.look if module.check_mode else lock.acquire
    outcomes: dict[tuple[str, str], lock.Outcome] = {}
    for resource in sorted(options["resources"]):
        for store in stores:
            outcome = attempt(store, resource, wanted_lock(options), options["resumes"])
            outcomes[store.name, resource] = outcome
            if outcome.state == "held":
                give_back(stores, outcomes, options["holder"])
                refuse(module, resource, outcome)
    unavailable = unavailable_stores(outcomes)
    if len(unavailable) == len(stores):
        reasons = "; ".join(f"{name}: {reason}" for name, reason in unavailable.items())
        module.fail_json(msg=f"No lock can be taken, for no store answers ({reasons}). Mend one, then run again.")
    holding = [store for store in stores if store.name not in unavailable]
    if not module.check_mode:
        start_keeper(kept_by(options, holding))
    finish(module, holding, unavailable, options["holder"])


def wanted_lock(options: dict[str, Any]) -> lock.Lock:
    """Return the lock as this run wants it."""
    time = lock.now()
    return lock.Lock(options["holder"], options["procedure"], options["operator"], time, time, options["seconds"])


def kept_by(options: dict[str, Any], stores: list[lock.Store]) -> Kept:
    """Return what the keeper is to renew."""
    return Kept(
        stores=stores,
        resources=options["resources"],
        holder=options["holder"],
        seconds=options["seconds"],
        owner=options["owner_pid"],
        stop_file=options["stop_file"],
    )


def unavailable_stores(outcomes: dict[tuple[str, str], lock.Outcome]) -> dict[str, str]:
    """Return the stores that failed for any resource, and why."""
    return {name: outcome.reason for (name, _), outcome in outcomes.items() if outcome.state == "unavailable"}


def give_back(stores: list[lock.Store], outcomes: dict[tuple[str, str], lock.Outcome], holder: str) -> None:
    """Release what was taken before another run was met; what cannot be released expires."""
    by_name = {store.name: store for store in stores}
    for (name, resource), outcome in outcomes.items():
        if outcome.state == "acquired":
            release_if_possible(by_name[name], resource, holder)


def release_if_possible(store: lock.Store, resource: str, holder: str) -> tuple[bool, str]:
    """Release a lock; return whether we held it, and why the store could not be asked."""
    try:
        return lock.release(store, resource, holder), ""
    except lock.StoreUnavailableError as error:
        return False, str(error)


def refuse(module: AnsibleModule, resource: str, outcome: lock.Outcome) -> NoReturn:
    """Fail, naming the run that holds the resource."""
    assert outcome.lock is not None
    module.fail_json(
        msg=f"{outcome.lock.described(resource)} Wait for its end, or look at it with: hasivu-play runs show "
        f"{outcome.lock.holder}",
        stop="locked",
        lock={**lock.to_json(outcome.lock), "expires": outcome.lock.expires.isoformat(), "resource": resource},
    )


def finish(module: AnsibleModule, holding: list[lock.Store], unavailable: dict[str, str], holder: str) -> NoReturn:
    """End the module with what the run holds now."""
    for name, reason in unavailable.items():
        module.warn(f"The lock stands in one store only, for {name} does not answer: {reason}")
    resources = module.params["resources"]
    module.exit_json(
        changed=True,
        holders=dict.fromkeys(resources, holder),
        stores=[store.name for store in holding],
        unavailable=unavailable,
        diff={"before": "", "after": "".join(f"{resource}: {holder}\n" for resource in resources)},
    )


def give_up(module: AnsibleModule, stores: list[lock.Store]) -> NoReturn:
    """Release the lock of every resource and end the module; what cannot be released expires."""
    options = module.params
    results = {}
    if not module.check_mode:
        for resource in options["resources"]:
            for store in stores:
                results[store.name, resource] = release_if_possible(store, resource, options["holder"])
    released = any(held for held, _ in results.values())
    module.exit_json(
        changed=released,
        holders=dict.fromkeys(options["resources"], ""),
        stores=[],
        unavailable={name: reason for (name, _), (_, reason) in results.items() if reason},
        diff={"before": f"{options['holder']}\n" if released else "", "after": ""},
    )


if __name__ == "__main__":
    main()
