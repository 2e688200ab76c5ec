#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read who may do what in a cluster, and say who may do too much."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: kubernetes_access_info
short_description: Read the roles and bindings of a cluster, and find who may do too much
version_added: 0.2.0
description:
  - Reads Roles, ClusterRoles and their bindings in all namespaces, and finds subjects that have cluster-admin, every
    verb on every resource, every secret, or the means to raise their own rights.
  - What Kubernetes binds by itself is right, unless it is bound to those who did not sign in.
  - A kind that the cluster does not list is a finding.
options:
  accepted:
    description: Subjects that may have a role in spite of that.
    type: list
    elements: dict
    default: []
    suboptions:
      subject:
        description: Kind and name, such as C(Group platform-admins) or C(ServiceAccount hasivu/hasivu-web).
        type: str
        required: true
      role:
        description: The role.
        type: str
        required: true
      owner:
        description: Who answers for it.
        type: str
        required: true
extends_documentation_fragment:
  - hasivu.ops.kubernetes
attributes:
  check_mode:
    description: The module only reads.
    support: full
  diff_mode:
    description: Nothing changes, so there is no difference to show.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Read who may do what in the cluster
  hasivu.ops.kubernetes_access_info:
    kubeconfig: ~/.kube/config
    accepted:
      - subject: Group platform-admins
        role: cluster-admin
        owner: Operations Team
  register: access_cluster
"""

RETURN = r"""
bindings:
  description: Each subject of each binding that people made.
  returned: success
  type: list
  elements: dict
findings:
  description: Who may do too much.
  returned: success
  type: list
  elements: dict
unknown:
  description: What could not be looked at, a sentence each; each is a finding too.
  returned: success
  type: list
  elements: str
notes:
  description: What the cluster does not offer.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.access_unread import Unread
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import (
    KUBERNETES_IMPORT_ERROR,
    KUBERNETES_OPTIONS,
    Cluster,
    KubernetesError,
    path_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.rbac import binding_rows, bindings_of, rbac_findings

API = "rbac.authorization.k8s.io/v1"
PAGE = 500
DECLARED = {name: {"type": "str", "required": True} for name in ("subject", "role", "owner")}
OPTIONS: dict[str, dict[str, Any]] = {
    "accepted": {"type": "list", "elements": "dict", "default": [], "options": DECLARED}
}


def main() -> None:
    """Read the four kinds, judge, tell."""
    module = AnsibleModule(argument_spec={**KUBERNETES_OPTIONS, **OPTIONS}, supports_check_mode=True)
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    try:
        cluster = Cluster(module.params["kubeconfig"], module.params["context"])
    except KubernetesError as error:
        module.fail_json(msg=f"{error} Choose the right kubeconfig and context.", stop="bad_input")
    unread = Unread()
    roles = [item for kind in ("clusterroles", "roles") for item in read(cluster, kind, unread)]
    bound = [item for kind in ("clusterrolebindings", "rolebindings") for item in read(cluster, kind, unread)]
    bindings = bindings_of(bound)
    owners = {(one["subject"], one["role"]): one["owner"] for one in module.params["accepted"]}
    module.exit_json(
        changed=False,
        bindings=binding_rows(bindings, owners),
        findings=[*rbac_findings(bindings, roles, owners), *unread.findings],
        unknown=unread.sentences,
        notes=unread.notes,
    )


def read(cluster: Cluster, kind: str, unread: Unread) -> list[dict[str, Any]]:
    """Return every object of a kind, or none once the failure is kept."""
    mend = f"Allow the verb list on {kind} to the account that reviews, or mend the cluster."
    return unread.ask(f"The {kind} of the cluster", f"Kubernetes {kind}", mend, lambda: list_all(cluster, kind)) or []


def list_all(cluster: Cluster, kind: str) -> list[dict[str, Any]]:
    """Return every object of a kind, all pages of it.

    Raises:
        KubernetesError: The API server does not answer, or refuses.
    """
    found: list[dict[str, Any]] = []
    query = {"limit": str(PAGE)}
    while True:
        page = cluster.request("GET", path_of(API, kind), query=query)
        found += page["items"]
        following = page["metadata"].get("continue")
        if not following:
            return found
        query["continue"] = following


if __name__ == "__main__":
    main()
