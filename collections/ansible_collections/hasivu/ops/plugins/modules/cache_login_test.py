#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Try which versions of a secret a cache lets in, and look who still uses an older login."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cache_login_test
short_description: Try the tokens of a secret at a cache, and look for connections that are older than the rotation
version_added: 0.2.0
description:
  - Logs in with the token of each version and compares with what is wanted.
  - Looks for connections from before O(clients_since), which logged in with an older token. A cache does not cut them
    off when their token goes, but they cannot come back; so they are clients that nobody told.
  - Counts the logins that the cache refuses for a while, which are those of clients with a wrong token.
options:
  accepted:
    description: Versions whose token the cache must let in.
    type: list
    elements: str
    default: []
  refused:
    description: Versions whose token the cache must not let in; one that is not there any more is as good as refused.
    type: list
    elements: str
    default: []
  clients_since:
    description: Instant, RFC 3339, since which every client should have a new connection; empty asks for no such thing.
    type: str
    default: ""
  drain_seconds:
    description: Time that older connections are given to end.
    type: float
    default: 60
  watch_seconds:
    description: Time for which no login may be refused.
    type: float
    default: 0
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.cache
attributes:
  check_mode:
    description: Only logs in, and skips versions that are not stored yet.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Check that the old token is refused and the new one works
  hasivu.ops.cache_login_test:
    region: ap-south-1
    secret_id: hasivu/production/redis/auth-token
    replication_group_id: hasivu-production
    accepted: [0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11]
    refused: [7a1de2b0-1c52-4c0e-8f7e-5a2f0d9b6e44]
"""

RETURN = r"""
tried:
  description: Each version, and whether it was let in; nothing for one that is not stored.
  returned: always
  type: dict
older_clients:
  description: Connections from before O(clients_since), with address, name and age in seconds.
  returned: always
  type: list
  elements: dict
refused_logins:
  description: Logins that the cache refused during O(watch_seconds).
  returned: always
  type: int
"""

import time
from datetime import datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.cache import (
    CACHE_OPTIONS,
    CacheError,
    check_library,
    is_let_in,
    token_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.cache_clients import look_at, wait_for_old
from ansible_collections.hasivu.ops.plugins.module_utils.cache_group import address_of, group_of
from ansible_collections.hasivu.ops.plugins.module_utils.secret import SECRET_OPTIONS, SecretError, secret_of

OPTIONS = {
    "accepted": {"type": "list", "elements": "str", "default": []},
    "refused": {"type": "list", "elements": "str", "default": []},
    "clients_since": {"type": "str", "default": ""},
    "drain_seconds": {"type": "float", "default": 60},
    "watch_seconds": {"type": "float", "default": 0},
}
LET_THEM_LOG_IN = "Find out whose they are and let them log in anew, then resume."
FIND_IT = "A client has a wrong token; find it, then resume, or go back with rollback."


def main() -> None:
    """Try, look, watch, and judge."""
    module = AnsibleModule(argument_spec={**SECRET_OPTIONS, **CACHE_OPTIONS, **OPTIONS}, supports_check_mode=True)
    check_library(module)
    try:
        result = look(module)
    except (SecretError, CacheError) as error:
        module.fail_json(msg=f"{error} Mend that, then resume.", stop="resumable")
    problem, stop = verdict(module.params, result, module.check_mode)
    if problem:
        module.fail_json(msg=problem, stop=stop, **result)
    module.exit_json(changed=False, **result)


def preload(arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    preload_service("secretsmanager")
    preload_service("elasticache")


def look(module: AnsibleModule) -> dict[str, Any]:
    """Return what was tried and seen."""
    secret, address = secret_of(module), address_of(group_of(module).read())
    tokens = {one: token_of(secret, one) for one in [*module.params["accepted"], *module.params["refused"]]}
    tried = {
        version: None if token is None else is_let_in(module.params, address, token)
        for version, token in tokens.items()
    }
    works = next((tokens[version] for version in module.params["accepted"] if tried[version]), None)
    since = module.params["clients_since"]
    if works is None:
        return {"tried": tried, "older_clients": [], "refused_logins": 0}
    older = []
    if since and not module.check_mode:  # a rehearsal gave nobody a reason to log in anew
        moment = datetime.fromisoformat(since)
        older = wait_for_old(module.params, address, works, moment, module.params["drain_seconds"])
    return {"tried": tried, "older_clients": older, "refused_logins": watch(module, address, works)}


def watch(module: AnsibleModule, address: tuple[str, int], token: str) -> int:
    """Return how many logins the cache refused while this looked on."""
    if not module.params["watch_seconds"] or module.check_mode:
        return 0
    before = look_at(module.params, address, token)[1]
    time.sleep(module.params["watch_seconds"])
    return look_at(module.params, address, token)[1] - before


def verdict(options: dict[str, Any], result: dict[str, Any], rehearsal: bool) -> tuple[str, str]:
    """Return what is not as wanted and how the run ends on it, or nothing."""
    tried = result["tried"]
    shut_out = [
        version for version in options["accepted"] if not (tried[version] or (rehearsal and tried[version] is None))
    ]
    let_in = [version for version in options["refused"] if tried[version] and not rehearsal]
    older = ", ".join(f"{one['address']} {one['name']}".strip() for one in result["older_clients"])
    problems = (
        (
            shut_out,
            f"The cache does not accept the token of {', '.join(shut_out)}. Mend that, then resume.",
            "resumable",
        ),
        (let_in, f"The cache still accepts the token of {', '.join(let_in)}, which should be gone.", "finding"),
        (older, f"Connections with an older token are still open: {older}. {LET_THEM_LOG_IN}", "resumable"),
        (result["refused_logins"] > 0, f"The cache refused logins: {result['refused_logins']}. {FIND_IT}", "resumable"),
    )
    return next(((sentence, stop) for found, sentence, stop in problems if found), ("", ""))


if __name__ == "__main__":
    main()
