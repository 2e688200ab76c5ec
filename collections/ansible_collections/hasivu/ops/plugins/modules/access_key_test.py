#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Try the access keys that versions of a secret hold."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: access_key_test
short_description: Try the access keys that versions of a secret hold
version_added: 0.2.0
description:
  - Asks STS who it is with the key of each version, and compares with what is wanted. That call needs no right.
  - A change of a key takes a while to be known everywhere, so it tries again for a time.
options:
  accepted:
    description: Versions whose key AWS must accept, as one of the user.
    type: list
    elements: str
    default: []
  refused:
    description: Versions whose key AWS must refuse; one that is not there any more is as good as refused.
    type: list
    elements: str
    default: []
  seconds:
    description: Time that a change of a key is given to be known.
    type: float
    default: 60
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.access_key
attributes:
  check_mode:
    description: Only asks, once, and skips versions that are not stored yet.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Check that the new key works and the old one is refused
  hasivu.ops.access_key_test:
    region: ap-south-1
    user: hasivu-reports
    secret_id: hasivu/production/access-key/reports
    accepted: [0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11]
    refused: [7a1de2b0-1c52-4c0e-8f7e-5a2f0d9b6e44]
"""

RETURN = r"""
tried:
  description: Each version, and the ARN that AWS knows its key by, or the code with which it refused it; empty for one
    that is not stored.
  returned: always
  type: dict
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.access_key import (
    KEY_ID,
    KEY_OPTIONS,
    KEY_SECRET,
    AccessKeyError,
    key_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.aws import error_code, session
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.secret import Secret, SecretError, reason, secret_of

OPTIONS = {
    "accepted": {"type": "list", "elements": "str", "default": []},
    "refused": {"type": "list", "elements": "str", "default": []},
    "seconds": {"type": "float", "default": 60},
}
REFUSALS = ("InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException", "AccessDenied")
LOOK_SECONDS = 1.0


def main() -> None:
    """Try, compare, and try again until it is as wanted or the time is over."""
    module = AnsibleModule(argument_spec={**KEY_OPTIONS, **OPTIONS}, supports_check_mode=True)
    try:
        tried = try_until(module, secret_of(module))
    except (SecretError, AccessKeyError) as error:
        module.fail_json(msg=f"{error} Mend that, then resume.", error_code=error.code, stop="resumable", tried={})
    problem, stop = verdict(module.params, tried, module.check_mode)
    if problem:
        module.fail_json(msg=problem, stop=stop, tried=tried)
    module.exit_json(changed=False, tried=tried)


def preload(arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    preload_service("secretsmanager")
    preload_service("sts")


def try_until(module: AnsibleModule, secret: Secret) -> dict[str, str]:
    """Return what AWS says to the key of each version, once that is as wanted or the time is over."""
    versions = [*module.params["accepted"], *module.params["refused"]]
    keys = {version: key_of(secret, version) for version in versions}
    deadline = time.monotonic() + (0 if module.check_mode else module.params["seconds"])
    while True:
        tried = {version: answer_to(module.params, key) if key else "" for version, key in keys.items()}
        if not verdict(module.params, tried, module.check_mode)[0] or time.monotonic() > deadline:
            return tried
        time.sleep(LOOK_SECONDS)


def answer_to(options: dict[str, Any], key: dict[str, str]) -> str:
    """Return the ARN that AWS knows a key by, or the code with which it refuses it.

    Raises:
        AccessKeyError: STS does not answer.
    """
    login = {"aws_access_key_id": key[KEY_ID], "aws_secret_access_key": key[KEY_SECRET]}
    where = {"region_name": options["region"], "endpoint_url": options["endpoint_url"]}
    try:
        answer: str = session().client("sts", **where, **login).get_caller_identity()["Arn"]
    except Exception as error:  # boto3 raises errors of many families; none of them quotes the secret of a key
        code = error_code(error)
        if code in REFUSALS:
            return code
        raise AccessKeyError(f"STS does not tell whose key it is: {reason(error)}.", code) from None
    return answer


def verdict(options: dict[str, Any], tried: dict[str, str], rehearsal: bool) -> tuple[str, str]:
    """Return what is not as wanted and how the run ends on it, or nothing."""
    user = f":user/{options['user']}"
    strangers = [one for one in options["accepted"] if is_arn(tried[one]) and not is_of(tried[one], user)]
    shut_out = [one for one in options["accepted"] if not is_arn(tried[one]) and not (rehearsal and not tried[one])]
    let_in = [one for one in options["refused"] if is_arn(tried[one]) and not rehearsal]
    if strangers:
        return f"The key of {', '.join(strangers)} does not belong to {options['user']}.", "decision"
    if shut_out:
        return f"AWS does not accept the key of {', '.join(shut_out)}. Mend that, then resume.", "resumable"
    if let_in:
        return f"AWS still accepts the key of {', '.join(let_in)}, which should be off.", "finding"
    return "", ""


def is_arn(answer: str) -> bool:
    """Tell whether AWS knew the key."""
    return answer.startswith("arn:")


def is_of(arn: str, user: str) -> bool:
    """Tell whether an ARN is that of a user, whatever path it has."""
    return arn.endswith((user, "/" + user.rpartition("/")[2]))


if __name__ == "__main__":
    main()
