#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Publish what $LATEST of a Lambda function holds, unless a version of it exists already."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: lambda_version
short_description: Publish the code and settings of a Lambda function as a version, and wait until it is in service
version_added: 0.2.0
description:
  - Looks for a version with the code and every setting of C($LATEST), and publishes one where there is none.
  - Publishes with the digest of the code and the revision that it read, so that nothing else is published than what
    was looked at, and compares the version that AWS answers with, for AWS may answer with an older one.
options:
  alias:
    description: Alias that users' calls go through; where its version is the same already, that one is taken.
    type: str
    required: true
  description:
    description: What the version is for.
    type: str
    default: ""
extends_documentation_fragment:
  - hasivu.ops.function
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Says whether a version would be published, and writes nothing.
    support: full
  diff_mode:
    description: Shows the newest version before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Publish the new settings of the orders function
  hasivu.ops.lambda_version:
    function: hasivu-platform-api-orders
    alias: live
    description: OPS-123
    region: ap-south-1
  register: published
"""

RETURN = r"""
version:
  description: The version that holds what C($LATEST) holds; in check mode empty where it would be published.
  returned: success
  type: str
code_sha256:
  description: Digest of its code.
  returned: success
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.lambda_call import (
    FUNCTION_OPTIONS,
    LATEST,
    UpdateFailedError,
    give_up,
    read_alias,
    wait_until_updated,
    with_fresh_eyes,
)
from ansible_collections.hasivu.ops.plugins.module_utils.lambda_settings import Configuration, differences

OPTIONS: dict[str, dict[str, Any]] = {
    **FUNCTION_OPTIONS,
    "alias": {"type": "str", "required": True},
    "description": {"type": "str", "default": ""},
    **AWS_OPTIONS,
}


def main() -> None:
    """Look for the version, publish where it is missing, and report."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    caller = client(module, "lambda")
    try:
        result = with_fresh_eyes(lambda: publish(module, caller))
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        give_up(module, f"The publication of {module.params['function']}", error)
    module.exit_json(**result)


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of Lambda before the worker of the step is forked."""
    preload_service("lambda")


def publish(module: AnsibleModule, caller: Any) -> dict[str, Any]:
    """Return the version of what $LATEST holds, published if need be; one try of several."""
    options, function = module.params, module.params["function"]
    latest = wait_until_updated(caller, function, options["patience_seconds"])
    versions = read_versions(caller, function)
    preferred = read_alias(caller, function, options["alias"])["FunctionVersion"]
    found = same_as(latest, versions, preferred)
    result = {
        "changed": not found,
        "version": found,
        "code_sha256": latest["CodeSha256"],
        "diff": diff(versions, found),
    }
    if found or module.check_mode:
        return result
    answer = caller.publish_version(
        FunctionName=function,
        CodeSha256=latest["CodeSha256"],
        RevisionId=latest["RevisionId"],
        Description=options["description"],
    )
    version = wait_until_updated(caller, function, options["patience_seconds"], answer["Version"])
    differing = differences(version, latest)
    if differing:
        raise UpdateFailedError(
            f"AWS answered with version {answer['Version']} of {function}, which differs in {', '.join(differing)}."
        )
    return {**result, "version": answer["Version"], "diff": diff(versions, answer["Version"])}


def read_versions(caller: Any, function: str) -> list[Configuration]:
    """Return every published version, oldest first."""
    pages = caller.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    versions = [version for page in pages for version in page["Versions"] if version["Version"] != LATEST]
    return sorted(versions, key=lambda version: int(version["Version"]))


def same_as(latest: Configuration, versions: list[Configuration], preferred: str) -> str:
    """Return the version that holds what $LATEST holds, the preferred one if it does, else the newest, else nothing."""
    same = [version["Version"] for version in versions if not differences(latest, version)]
    if preferred in same:
        return preferred
    return str(same[-1]) if same else ""


def diff(versions: list[Configuration], version: str) -> dict[str, str]:
    """Return the newest version before and after; of one that would be published the number is not known yet."""
    newest = versions[-1]["Version"] if versions else "none"
    if version in [known["Version"] for known in versions]:
        return {"before": "", "after": ""}
    return {"before": f"newest version: {newest}\n", "after": f"newest version: {version or 'a new one'}\n"}


if __name__ == "__main__":
    main()
