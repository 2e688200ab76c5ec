#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bring what a version of an AWS secret holds into a Secret of Kubernetes."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: kubernetes_secret_sync
short_description: Bring a version of an AWS secret into a Secret of Kubernetes
version_added: 0.2.0
description:
  - Writes the fields of a version into the data of a Secret, unless they stand there already; other data stays.
  - Where External Secrets keeps the Secret, it is asked to refresh and waited for, for what is written would not last.
  - A Secret that GitOps keeps is refused, because the change would be undone.
  - The change is a patch of the object that was read; after a conflict it is read and judged anew, at most three times.
  - Values are read here and never returned.
options:
  version_id:
    description: Version of the AWS secret.
    type: str
    required: true
  namespace:
    description: Namespace of the Secret.
    type: str
    required: true
  name:
    description: Name of the Secret.
    type: str
    required: true
  keys:
    description: Keys of the Secret and the fields of the version that they get; without it C(value) gets the whole.
    type: dict
    default: {}
  seconds:
    description: Time that External Secrets is given.
    type: float
    default: 120
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.kubernetes
attributes:
  check_mode:
    description: Reads both, asks the API server with a dry run, and writes nothing.
    support: full
  diff_mode:
    description: Shows which version the Secret holds and which keys change, never a value.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Give the cluster the new login
  hasivu.ops.kubernetes_secret_sync:
    kubeconfig: ~/.kube/config
    region: ap-south-1
    secret_id: hasivu/production/database/application
    version_id: 0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11
    namespace: production
    name: hasivu-database
    keys: {username: username, password: password}
"""

RETURN = r"""
keys_changed:
  description: Keys whose value changed.
  returned: success
  type: list
  elements: str
changed_at:
  description: When the content of the Secret last changed by this module or External Secrets, RFC 3339; empty if never.
  returned: success
  type: str
external_secret:
  description: The ExternalSecret that keeps the Secret, if one does.
  returned: success
  type: str
"""

import base64
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import (
    KUBERNETES_IMPORT_ERROR,
    KUBERNETES_OPTIONS,
    Cluster,
    KubernetesError,
    path_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes_change import (
    CHANGED_AT,
    NOT_FOUND,
    VERSION,
    Object,
    annotations_of,
    change,
    external_secret_of,
    manager_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import now
from ansible_collections.hasivu.ops.plugins.module_utils.secret import SECRET_OPTIONS, SecretError, fields_of, secret_of

OPTIONS = {
    "version_id": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "keys": {"type": "dict", "default": {}, "no_log": False},
    "seconds": {"type": "float", "default": 120},
}
FORCE_SYNC = "force-sync"
LOOK_SECONDS = 1.0


def main() -> None:
    """Compare, write what differs, and report."""
    module = AnsibleModule(argument_spec={**KUBERNETES_OPTIONS, **SECRET_OPTIONS, **OPTIONS}, supports_check_mode=True)
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    try:
        wanted = wanted_data(module)
        result = sync(module, wanted) if wanted is not None else rehearsed(module)
    except (SecretError, KubernetesError) as error:
        module.fail_json(
            msg=f"The Secret {module.params['name']} is not up to date: {error} Mend that, then resume.",
            stop="resumable",
        )
    module.exit_json(**result)


def preload(arguments: dict[str, Any]) -> None:
    """Load the model of the service before the worker of the step is forked."""
    preload_service("secretsmanager")


def wanted_data(module: AnsibleModule) -> dict[str, str] | None:
    """Return the data that the Secret must hold; nothing in a rehearsal of a version that is not stored yet."""
    secret, version, keys = secret_of(module), module.params["version_id"], module.params["keys"]
    text = secret.text(version)
    if text is None:
        if module.check_mode:
            return None
        raise SecretError(f"{secret.name} has no version {version}.")
    fields = fields_of(text, secret.name) if keys else {"value": text}
    missing = [field for field in keys.values() if field not in fields]
    if missing:
        raise SecretError(f"Version {version} of {secret.name} has no field {', '.join(missing)}.")
    return {key: encode(fields[field]) for key, field in (keys or {"value": "value"}).items()}


def rehearsed(module: AnsibleModule) -> Object:
    """Return what would change when nobody knows yet what the version of the secret will hold."""
    options = module.params
    cluster = Cluster(options["kubeconfig"], options["context"])
    found = cluster.request("GET", path_of("v1", "secrets", options["namespace"], options["name"]))
    refuse_what_would_not_last(module, found)
    keys = sorted(options["keys"] or {"value": "value"})
    return {"changed": True, "keys_changed": [], "changed_at": now(), "diff": diff(found, keys, options["version_id"])}


def encode(value: Any) -> str:
    """Return a value as the data of a Secret holds it."""
    return base64.b64encode(str(value).encode()).decode("ascii")


def sync(module: AnsibleModule, wanted: dict[str, str]) -> Object:
    """Bring the data into the Secret by the way that lasts."""
    options = module.params
    cluster = Cluster(options["kubeconfig"], options["context"])
    path = path_of("v1", "secrets", options["namespace"], options["name"])
    before = cluster.request("GET", path)
    refuse_what_would_not_last(module, before)
    external = external_secret_of(before)
    keys = changed_keys(before, wanted)
    if external and keys:
        after = before if module.check_mode else refresh(module, cluster, path, external, wanted)
    else:
        before, after = change(
            cluster, path, lambda found: patch_of(found, wanted, options["version_id"]), dry_run=module.check_mode
        )
        keys = changed_keys(before, wanted)
    return report(before, after, keys, external, options["version_id"])


def refuse_what_would_not_last(module: AnsibleModule, content: Object) -> None:
    """Fail when the Secret cannot be changed, or would be changed back."""
    manager = manager_of(content)
    if manager or content.get("immutable"):
        reason = f"is kept by {manager}, which would undo the change" if manager else "is immutable"
        module.fail_json(
            msg=f"The Secret {module.params['name']} {reason}. Let External Secrets keep it, or change its source; "
            "both logins work meanwhile. Then resume.",
            stop="resumable",
        )


def changed_keys(content: Object, wanted: dict[str, str]) -> list[str]:
    """Return the keys whose value is not the wanted one."""
    data = content.get("data") or {}
    return sorted(key for key, value in wanted.items() if data.get(key) != value)


def patch_of(content: Object, wanted: dict[str, str], version: str) -> Object | None:
    """Return the patch that a Secret needs, or nothing."""
    keys = changed_keys(content, wanted)
    if not keys and annotations_of(content).get(VERSION, version) == version:
        return None
    times = {CHANGED_AT: now()} if keys else {}
    return {"data": {key: wanted[key] for key in keys}, "metadata": {"annotations": {VERSION: version, **times}}}


def refresh(module: AnsibleModule, cluster: Cluster, path: str, external: str, wanted: dict[str, str]) -> Object:
    """Ask External Secrets to read the secret anew, and wait until the Secret holds what is wanted."""
    kept = external_path(cluster, module.params["namespace"], external)
    change(cluster, kept, lambda found: {"metadata": {"annotations": {FORCE_SYNC: str(time.time_ns())}}})
    deadline = time.monotonic() + module.params["seconds"]
    while time.monotonic() < deadline:
        found = cluster.request("GET", path)
        if not changed_keys(found, wanted):
            return found
        time.sleep(LOOK_SECONDS)
    raise KubernetesError(f"External Secrets did not refresh {external} in {module.params['seconds']:g} seconds.")


def external_path(cluster: Cluster, namespace: str, name: str) -> str:
    """Return the path of an ExternalSecret in whichever version the cluster has."""
    for version in ("v1", "v1beta1"):
        path = path_of(f"external-secrets.io/{version}", "externalsecrets", namespace, name)
        try:
            cluster.request("GET", path)
        except KubernetesError as error:
            if error.status != NOT_FOUND:
                raise
        else:
            return path
    raise KubernetesError(f"The ExternalSecret {name}, which owns the Secret, does not exist.")


def report(before: Object, after: Object, keys: list[str], external: str, version: str) -> Object:
    """Return the result; of the data only the names of the keys."""
    stamps = annotations_of(after)
    return {
        "changed": before["metadata"]["resourceVersion"] != after["metadata"]["resourceVersion"] or bool(keys),
        "keys_changed": keys,
        "changed_at": stamps.get(CHANGED_AT, now() if keys else ""),
        "external_secret": external,
        "diff": diff(before, keys, version),
    }


def diff(before: Object, keys: list[str], version: str) -> Object:
    """Return what changes, in names alone."""
    held = annotations_of(before).get(VERSION, "")
    return {"before": {"version": held}, "after": {"version": version, "keys changed": keys}}


if __name__ == "__main__":
    main()
