#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Find everything that writes to the database, capture how it stands, and hold it against who is logged in."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: writers_info
short_description: Find every writer of the database, and capture how each stands
version_added: 0.3.0
description:
  - Finds Deployments, CronJobs, functions, event source mappings, rules and schedules by what they read, not by a list
    alone. A program writes when its settings name the database by one of O(marks), or when O(declared) names it.
  - Captures of each what is needed to put it back, and no secret.
  - Then holds that against reality. Every session that several samples of C(pg_stat_activity) have seen must belong to
    a writer or be explained by a rule. A client that nobody answers for stops the run before anything is changed.
  - A program that logs in for an instant between two samples is not seen. M(hasivu.ops.writers_gone) looks afterwards
    whether anything is still written.
options:
  namespace:
    description: Namespace of the platform.
    type: str
    required: true
  marks:
    description:
      - What the database is known by. C(secrets) are Secrets of Kubernetes, C(config_maps) the keys of ConfigMaps,
        C(variables) names of variables and C(secret_ids) names of secrets in Secrets Manager. C(*) stands for anything.
    type: dict
    required: true
  declared:
    description: Names of writers that must exist, by kind (C(deployments), C(cron_jobs), C(functions)), as they return.
    type: dict
    default: {}
  explained_sessions:
    description:
      - Clients that are no writers, each with C(why) and patterns of C(role), C(application), C(address), C(kind) and
        C(database), which must all fit.
    type: list
    elements: dict
    default: []
  by_address:
    description: Whether a session with the name of a Deployment must come from the address of one of its pods.
    type: bool
    default: true
  samples:
    description: How often to look who is logged in; V(0) where the database cannot be reached, which is a finding.
    type: int
    default: 5
  interval_seconds:
    description: Time between two samples.
    type: float
    default: 2
  unexplained:
    description: How to stop for a client that nobody answers for; V(report) only returns it.
    type: str
    choices: [refused, resumable, report]
    default: refused
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.database
  - hasivu.ops.kubernetes
attributes:
  check_mode:
    description: The module only reads.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Find every writer of the database
  hasivu.ops.writers_info:
    region: ap-south-1
    kubeconfig: ~/.kube/config
    namespace: production
    host: db.example.com
    database: hasivu
    user: hasivu_maint
    marks:
      secrets: [hasivu-database]
      config_maps: {hasivu-config: ["database-*"]}
      variables: ["DATABASE_*"]
      secret_ids: ["hasivu/production/database/*"]
    explained_sessions:
      - {role: rdsadmin, why: The server's own administrator.}
"""

RETURN = r"""
captured:
  description: By kind and name, the C(value) that is put back, and what a reader compares.
  returned: always
  type: dict
writers:
  description: Each writer with its kind and why it counts as one.
  returned: always
  type: list
  elements: dict
unexplained:
  description: Clients and pods that nobody answers for.
  returned: always
  type: list
  elements: dict
sessions:
  description: How many sessions were seen.
  returned: always
  type: int
findings:
  description: What could not be read, and what will work against the procedure.
  returned: always
  type: list
  elements: dict
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.database import CONNECTION_OPTIONS, connect, execute
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import (
    KUBERNETES_IMPORT_ERROR,
    KUBERNETES_OPTIONS,
    Cluster,
    KubernetesError,
)
from ansible_collections.hasivu.ops.plugins.module_utils.writer_aws import WriterError
from ansible_collections.hasivu.ops.plugins.module_utils.writer_capture import (
    Captured,
    addresses,
    from_cluster,
    strangers,
)
from ansible_collections.hasivu.ops.plugins.module_utils.writer_capture_aws import SERVICES, from_cloud
from ansible_collections.hasivu.ops.plugins.module_utils.writer_findings import findings_of, listed, missing
from ansible_collections.hasivu.ops.plugins.module_utils.writer_kubernetes import Deployments
from ansible_collections.hasivu.ops.plugins.module_utils.writer_marks import marks_of
from ansible_collections.hasivu.ops.plugins.module_utils.writer_sessions import SESSIONS, merged, named, unexplained

OPTIONS = {
    "namespace": {"type": "str", "required": True},
    "marks": {"type": "dict", "required": True},
    "declared": {"type": "dict", "default": {}},
    "explained_sessions": {"type": "list", "elements": "dict", "default": []},
    "by_address": {"type": "bool", "default": True},
    "samples": {"type": "int", "default": 5},
    "interval_seconds": {"type": "float", "default": 2},
    "unexplained": {"type": "str", "choices": ["refused", "resumable", "report"], "default": "refused"},
}


def main() -> None:
    """Find, capture, compare, report."""
    module = AnsibleModule(
        argument_spec={**AWS_OPTIONS, **CONNECTION_OPTIONS, **KUBERNETES_OPTIONS, **OPTIONS}, supports_check_mode=True
    )
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    try:
        cluster = Cluster(module.params["kubeconfig"], module.params["context"])
        captured = capture(module, cluster)
        result = compare(module, cluster, captured)
    except (KubernetesError, WriterError) as error:
        module.fail_json(
            msg=f"The writers of the database cannot be found: {error}. None may be overlooked, so mend "
            "that, then run again.",
            stop=stop_of(module),
        )
    if result["unexplained"] and module.params["unexplained"] != "report":
        module.fail_json(msg=objection(result["unexplained"]), stop=stop_of(module), **result)
    module.exit_json(changed=False, **result)


def preload(arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    for service in SERVICES:
        preload_service(service)


def stop_of(module: AnsibleModule) -> str:
    """Return how a run stops that cannot go on here."""
    chosen = module.params["unexplained"]
    return "refused" if chosen == "report" else str(chosen)


def capture(module: AnsibleModule, cluster: Cluster) -> Captured:
    """Return every writer as it stands; a declared one that does not exist stops the run."""
    marks, declared = marks_of(module.params["marks"]), module.params["declared"]
    callers = {service: client(module, service) for service in SERVICES}
    captured = {
        **from_cluster(cluster, module.params["namespace"], marks, declared),
        **from_cloud(callers, marks, declared),
    }
    absent = missing(captured, declared)
    if absent:
        module.fail_json(
            msg=f"The inventory declares writers that do not exist: {', '.join(absent)}. Mend "
            "recovery_writers.declared, then run again.",
            stop=stop_of(module),
        )
    return captured


def compare(module: AnsibleModule, cluster: Cluster, captured: Captured) -> dict[str, Any]:
    """Return what was found, with the clients and pods that nobody answers for."""
    namespace = module.params["namespace"]
    before = known_addresses(module, cluster, captured)
    sessions = merged(sample(module))
    after = known_addresses(module, cluster, captured)
    known = {name: None if one is None else [*one, *(after[name] or [])] for name, one in before.items()}
    clients = unexplained(sessions, known, module.params["explained_sessions"])
    pods = strangers(cluster, namespace, marks_of(module.params["marks"]), captured)
    return {
        "captured": captured,
        "writers": listed(captured),
        "unexplained": [*clients, *pods],
        "sessions": len(sessions),
        "findings": findings_of(captured, sampled=module.params["samples"] > 0),
    }


def known_addresses(module: AnsibleModule, cluster: Cluster, captured: Captured) -> dict[str, list[str] | None]:
    """Return where the sessions of each writer may come from; only pods of Deployments have known addresses."""
    known: dict[str, list[str] | None] = {name: None for kind in ("cron_jobs", "functions") for name in captured[kind]}
    deployments = Deployments(cluster, module.params["namespace"])
    for name in captured["deployments"]:
        bound = module.params["by_address"]
        known[name] = addresses(cluster, module.params["namespace"], deployments.get(name)) if bound else None
    return known


def sample(module: AnsibleModule) -> list[list[dict[str, Any]]]:
    """Look several times who is logged in."""
    if not module.params["samples"]:
        return []
    seen = []
    with connect(module, read_only=True) as connection:
        for number in range(module.params["samples"]):
            time.sleep(module.params["interval_seconds"] if number else 0)
            seen.append(execute(module, connection, SESSIONS, doing="Looking who is logged in").fetchall())
    return seen


def objection(found: list[dict[str, Any]]) -> str:
    """Say who is not explained, and what to do."""
    who = "; ".join(f"pod {one['pod']} of {one['owner']}" if "pod" in one else named(one) for one in found)
    return (
        f"Nobody answers for a client of the database: {who}. It might write while the database is being recovered. "
        "Stop it or find its owner and name it in recovery_writers (declared or explained_sessions), then run again."
    )


if __name__ == "__main__":
    main()
