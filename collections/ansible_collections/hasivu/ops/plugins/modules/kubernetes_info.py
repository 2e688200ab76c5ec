#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read objects of Kubernetes."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: kubernetes_info
short_description: Read one object of Kubernetes, or a list of them
version_added: 0.1.0
description:
  - Gets an object by name, or lists those that match the selectors, all pages of them.
  - Reads by path and needs no discovery, so that a step costs one request.
options:
  api_version:
    description: Group and version, such as V(v1) or V(apps/v1).
    type: str
    default: v1
  resource:
    description: Resource as it stands in a path, such as V(deployments).
    type: str
    required: true
  namespace:
    description: Namespace to read in; leave it out for all, and for resources that have none.
    type: str
  name:
    description: Name of the object; leave it out for a list.
    type: str
  label_selector:
    description: Labels that the objects of a list must have.
    type: str
  field_selector:
    description: Fields that the objects of a list must have.
    type: str
extends_documentation_fragment:
  - hasivu.ops.kubernetes
attributes:
  check_mode:
    description: The module only reads.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Read the identity of the cluster
  hasivu.ops.kubernetes_info:
    kubeconfig: ~/.kube/config
    resource: namespaces
    name: kube-system
  register: cluster
"""

RETURN = r"""
resources:
  description: The objects found; none when the named object does not exist.
  returned: success
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import (
    KUBERNETES_IMPORT_ERROR,
    KUBERNETES_OPTIONS,
    Cluster,
    KubernetesError,
    list_all,
    path_of,
)

NOT_FOUND = 404


def main() -> None:
    """Read, and return what was found."""
    module = AnsibleModule(
        argument_spec={
            **KUBERNETES_OPTIONS,
            "api_version": {"type": "str", "default": "v1"},
            "resource": {"type": "str", "required": True},
            "namespace": {"type": "str"},
            "name": {"type": "str"},
            "label_selector": {"type": "str"},
            "field_selector": {"type": "str"},
        },
        mutually_exclusive=[("name", "label_selector"), ("name", "field_selector")],
        supports_check_mode=True,
    )
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    try:
        resources = read(module.params)
    except KubernetesError as error:
        module.fail_json(msg=f"Kubernetes did not give {module.params['resource']}: {error}", status=error.status)
    module.exit_json(changed=False, resources=resources)


def read(options: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the objects that the options name.

    Raises:
        KubernetesError: The API server does not answer, or refuses.
    """
    cluster = Cluster(options["kubeconfig"], options["context"])
    path = path_of(options["api_version"], options["resource"], options["namespace"], options["name"])
    if options["name"]:
        return get_one(cluster, path)
    selectors = {"labelSelector": options["label_selector"], "fieldSelector": options["field_selector"]}
    return list_all(cluster, path, {name: value for name, value in selectors.items() if value})


def get_one(cluster: Cluster, path: str) -> list[dict[str, Any]]:
    """Return the object in a list, or an empty list when there is none."""
    try:
        return [cluster.request("GET", path)]
    except KubernetesError as error:
        if error.status == NOT_FOUND:
            return []
        raise


if __name__ == "__main__":
    main()
