#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Forget what a cache keeps of some namespaces, and nothing else."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cache_namespace_invalidation
short_description: Forget the namespaces of a cache that hold newer facts than a restored database
version_added: 0.3.0
description:
  - Walks the keys with C(SCAN) and frees those of the namespaces with C(UNLINK), so that nobody else waits. It never
    flushes, and it refuses a namespace that would take everything.
  - In a cluster every node is walked.
options:
  namespaces:
    description: Beginnings of keys up to and with a colon, such as V(menu:day:).
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.cache
attributes:
  check_mode:
    description: Counts the keys and frees none.
    support: full
  diff_mode:
    description: Shows the keys of each namespace before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Forget the menus and carts from before the restore
  hasivu.ops.cache_namespace_invalidation:
    region: ap-south-1
    secret_id: hasivu/production/redis/auth-token
    replication_group_id: hasivu-production
    namespaces: ["menu:", "cart:"]
"""

RETURN = r"""
keys:
  description: How many keys of each namespace were freed; in check mode, how many there are.
  returned: success
  type: dict
  sample: {"menu:": 2000}
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.cache import (
    CACHE_OPTIONS,
    CacheError,
    check_library,
    connection,
    not_reached,
    token_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.cache_group import address_of, group_of
from ansible_collections.hasivu.ops.plugins.module_utils.secret import (
    CURRENT,
    SECRET_OPTIONS,
    SecretError,
    holder_of,
    secret_of,
)

try:
    import redis
except ImportError:
    # `check_library` says so before anything of it is used.
    redis = None

OPTIONS: dict[str, dict[str, Any]] = {"namespaces": {"type": "list", "elements": "str", "required": True}}
NAMESPACE = re.compile(r"[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)*:")
AT_ONCE = 500


def main() -> None:
    """Walk the keys, and free those of the namespaces."""
    module = AnsibleModule(argument_spec={**SECRET_OPTIONS, **CACHE_OPTIONS, **OPTIONS}, supports_check_mode=True)
    check_library(module)
    strange = [one for one in module.params["namespaces"] if not NAMESPACE.fullmatch(one)]
    if strange:
        message = f"{', '.join(map(repr, strange))} is no namespace. Write its words and a colon, such as menu:day:."
        module.fail_json(msg=message, stop="bad_input")
    try:
        keys = forget(module)
    except (SecretError, CacheError) as error:
        module.fail_json(
            msg=f"The cache may hold newer facts than the database. {error} Then resume.", stop="resumable"
        )
    after = keys if module.check_mode else dict.fromkeys(keys, 0)
    module.exit_json(changed=any(keys.values()), keys=keys, diff={"before": keys, "after": after})


def preload(arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    preload_service("secretsmanager")
    preload_service("elasticache")


def forget(module: AnsibleModule) -> dict[str, int]:
    """Return how many keys of each namespace there were, and free them unless this is a rehearsal.

    Raises:
        CacheError: A node does not answer.
        SecretError: The token cannot be read.
    """
    secret, group = secret_of(module), group_of(module).read()
    token = token_of(secret, holder_of(secret.stages(), CURRENT))
    if token is None:
        raise SecretError(f"{secret.name} has no current version. Look at it in Secrets Manager.")
    counts = dict.fromkeys(module.params["namespaces"], 0)
    for address in addresses_of(group):
        try:
            with connection(module.params, address, token) as client:
                for namespace in counts:
                    counts[namespace] += forget_namespace(client, namespace, module.check_mode)
        except redis.RedisError as error:
            raise not_reached(address, error) from None
    return counts


def addresses_of(group: dict[str, Any]) -> list[tuple[str, int]]:
    """Return where to walk: the primary of each shard of a cluster, or the one there is."""
    primaries = [
        (member["ReadEndpoint"]["Address"], int(member["ReadEndpoint"]["Port"]))
        for node in group.get("NodeGroups") or []
        for member in node.get("NodeGroupMembers") or []
        if group.get("ClusterEnabled") and member.get("CurrentRole") == "primary" and member.get("ReadEndpoint")
    ]
    return primaries or [address_of(group)]


def forget_namespace(client: Any, namespace: str, check_mode: bool) -> int:
    """Free the keys of a namespace on one node, and return how many they were."""
    count = 0
    for keys in batches(client.scan_iter(match=f"{namespace}*", count=1000)):
        count += len(set(keys)) if check_mode else client.unlink(*keys)
    return count


def batches(keys: Iterator[str]) -> Iterator[list[str]]:
    """Give keys in batches."""
    while batch := list(islice(keys, AT_ONCE)):
        yield batch


if __name__ == "__main__":
    main()
