#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Let a cache accept the token of a version of a secret, beside the present one or alone."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cache_auth_token
short_description: Change the AUTH token of a replication group of ElastiCache
version_added: 0.2.0
description:
  - Reads the token from a version of the secret, tries who is let in, and changes the group only where that is not as
    wanted. So a call that was cut off is made again and finds what it did.
  - ElastiCache changes tokens after a while; the module waits for it, and tries the tokens once more.
  - No token is an argument, a result or part of a message.
options:
  version_id:
    description: Version of the secret whose token is to be accepted.
    type: str
    required: true
  state:
    description:
      - V(accepted) lets the token in beside the present one, with the strategy C(ROTATE).
      - V(alone) lets no other in, with the strategy C(SET); where ElastiCache was given another token last, with
        C(ROTATE) before it.
    type: str
    choices: [accepted, alone]
    default: accepted
  retires:
    description: Version whose token must not be accepted any more; needed for V(alone).
    type: str
  seconds:
    description: Time that ElastiCache is given for a change.
    type: float
    default: 900
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.cache
  - hasivu.ops.run
attributes:
  check_mode:
    description: Tries the tokens, and says which change it would ask for.
    support: full
  diff_mode:
    description: Shows which versions are accepted before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Let the cache accept the pending token beside the present one
  hasivu.ops.cache_auth_token:
    region: ap-south-1
    secret_id: hasivu/production/redis/auth-token
    replication_group_id: hasivu-production
    version_id: 0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11
"""

RETURN = r"""
strategies:
  description: What was asked of ElastiCache; in check mode what would be.
  returned: success
  type: list
  elements: str
  sample: [ROTATE]
"""

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
from ansible_collections.hasivu.ops.plugins.module_utils.cache_group import Group, address_of, group_of
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.secret import (
    SECRET_OPTIONS,
    Secret,
    SecretError,
    secret_of,
)

OPTIONS = {
    "version_id": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["accepted", "alone"], "default": "accepted"},
    "retires": {"type": "str"},
    "seconds": {"type": "float", "default": 900},
}
NOT_ROTATED_LAST = "InvalidParameterValue"


class Tokens:
    """The tokens of a secret at a group."""

    def __init__(self, module: AnsibleModule, secret: Secret, group: Group) -> None:
        """Keep where tokens come from and where they go."""
        self._options, self._check = module.params, module.check_mode
        self._secret = secret
        self._group = group

    def is_accepted(self, version: str) -> bool:
        """Tell whether the cache lets the token of a version in; that of a version that does not exist it does not."""
        token = token_of(self._secret, version)
        return token is not None and is_let_in(self._options, address_of(self._group.read()), token)

    def accept(self, version: str) -> list[str]:
        """Let the token in beside the present one."""
        if self.is_accepted(version):
            return []
        if not self._check:
            self._wait()  # a run that was killed may have asked already
            if self.is_accepted(version):
                return []
            self._change(version, "ROTATE")
            if not self.is_accepted(version):
                raise CacheError("The cache does not accept the token that ElastiCache was given.")
        return ["ROTATE"]

    def leave_alone(self, version: str, retired: str) -> list[str]:
        """Let no other token in."""
        if not self.is_accepted(retired):
            return []
        if self._check:
            return ["SET"]
        self._wait()
        if not self.is_accepted(retired):
            return []
        strategies = self._set(version)
        if not self.is_accepted(version) or self.is_accepted(retired):
            raise CacheError("The cache accepts other tokens than ElastiCache was told.")
        return strategies

    def _set(self, version: str) -> list[str]:
        """Set the token; AWS takes only the one that was rotated last, so another is rotated once more before."""
        try:
            self._change(version, "SET")
        except CacheError as error:
            if error.code != NOT_ROTATED_LAST:
                raise
            self._change(version, "ROTATE")
            self._change(version, "SET")
            return ["ROTATE", "SET"]
        return ["SET"]

    def _change(self, version: str, strategy: str) -> None:
        """Ask for one change and wait for it."""
        token = token_of(self._secret, version)
        if token is None:
            raise SecretError(f"{self._secret.name} has no version {version}.")
        self._group.change_token(token, strategy)
        self._wait()

    def _wait(self) -> None:
        """Wait until no change is under way."""
        self._group.wait_until_available(self._options["seconds"], self._options["stop_file"])


def main() -> None:
    """Look, change what is not as wanted, report."""
    module = AnsibleModule(
        argument_spec={**SECRET_OPTIONS, **CACHE_OPTIONS, **RUN_OPTIONS, **OPTIONS},
        required_if=[("state", "alone", ["retires"])],
        supports_check_mode=True,
    )
    check_library(module)
    version, retires = module.params["version_id"], module.params["retires"]
    tokens = Tokens(module, secret_of(module), group_of(module))
    try:
        alone = module.params["state"] == "alone"
        strategies = tokens.leave_alone(version, retires) if alone else tokens.accept(version)
    except (SecretError, CacheError) as error:
        module.fail_json(
            msg=f"{error} Clients go on with the published token. Mend the cause, then resume, "
            "or go back with rollback.",
            error_code=error.code,
            stop="resumable",
        )
    module.exit_json(changed=bool(strategies), strategies=strategies, diff=difference(module.params, strategies))


def preload(arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    preload_service("secretsmanager")
    preload_service("elasticache")


def difference(options: dict[str, Any], strategies: list[str]) -> dict[str, Any]:
    """Return which versions are accepted before and after, as far as this call changed it."""
    if not strategies:
        return {"before": {}, "after": {}}
    if options["state"] == "accepted":
        return {"before": {"accepted": []}, "after": {"accepted": [options["version_id"]]}}
    return {
        "before": {"accepted": [options["version_id"], options["retires"]]},
        "after": {"accepted": [options["version_id"]]},
    }


if __name__ == "__main__":
    main()
