#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask AWS one question and return the answer whole."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: aws_info
short_description: Ask AWS one question, and read every page of the answer
version_added: 0.1.0
description:
  - Calls one reading operation of one AWS service. Operations that could change something are refused.
  - Reads all pages where the operation has pages, and fails rather than return part of them.
options:
  service:
    description: Service as boto3 names it.
    type: str
    required: true
  operation:
    description: Operation as boto3 names it; its name must be that of a reading one, such as C(describe_) or C(list_).
    type: str
    required: true
  parameters:
    description: Arguments of the operation. A date is written as RFC 3339.
    type: dict
    default: {}
  query:
    description: JMESPath expression that picks from the answer.
    type: str
  most_pages:
    description: Pages to read at the most; one more is an error, never a shorter answer.
    type: int
    default: 1000
extends_documentation_fragment:
  - hasivu.ops.aws
attributes:
  check_mode:
    description: The module only reads.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Read the state of the database instance
  hasivu.ops.aws_info:
    region: ap-south-1
    service: rds
    operation: describe_db_instances
    parameters:
      DBInstanceIdentifier: hasivu-production
    query: DBInstances[0].DBInstanceStatus
  register: instance_status
"""

RETURN = r"""
answer:
  description: The answer, or what O(query) picked from it. Dates are RFC 3339 in UTC.
  returned: success
  type: raw
request_ids:
  description: The request id that AWS gave each call.
  returned: success
  type: list
  elements: str
error_code:
  description: The code of the error, such as C(AccessDenied).
  returned: failure
  type: str
"""

import json
import traceback
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client, error_code
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service

try:
    import jmespath
except ImportError:
    JMESPATH_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    JMESPATH_IMPORT_ERROR = None

READING = ("batch_get_", "describe_", "filter_", "get_", "head_", "list_", "lookup_", "search_", "simulate_")
CHANGING_DESPITE_ITS_NAME = ("get_federation_token", "get_session_token")


def main() -> None:
    """Refuse what could change something, ask, and return the answer."""
    module = AnsibleModule(
        argument_spec={
            **AWS_OPTIONS,
            "service": {"type": "str", "required": True},
            "operation": {"type": "str", "required": True},
            "parameters": {"type": "dict", "default": {}},
            "query": {"type": "str"},
            "most_pages": {"type": "int", "default": 1000},
        },
        supports_check_mode=True,
    )
    if JMESPATH_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("jmespath"), exception=JMESPATH_IMPORT_ERROR)
    operation = module.params["operation"]
    if not only_reads(operation):
        module.fail_json(msg=f"{operation} could change something; aws_info only reads.", stop="bad_input")
    caller = client(module, module.params["service"])
    if not hasattr(caller, operation):
        module.fail_json(msg=f"AWS {module.params['service']} has no operation {operation}.", stop="bad_input")
    try:
        answer, request_ids = ask(caller, operation, module.params["parameters"], module.params["most_pages"])
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        module.fail_json(
            msg=f"AWS did not answer {module.params['service']} {operation}: {error}", error_code=error_code(error)
        )
    module.exit_json(changed=False, answer=pick(answer, module.params["query"]), request_ids=request_ids)


def preload(arguments: dict[str, Any]) -> None:
    """Load the model of the service before the worker of the step is forked."""
    preload_service(arguments["service"])


def only_reads(operation: str) -> bool:
    """Tell by its name whether an operation only reads."""
    return operation.startswith(READING) and operation not in CHANGING_DESPITE_ITS_NAME


def ask(caller: Any, operation: str, parameters: dict[str, Any], most_pages: int) -> tuple[dict[str, Any], list[str]]:
    """Return the whole answer of an operation and the request id of each call.

    Raises:
        RuntimeError: The answer has more pages than `most_pages`.
    """
    if not caller.can_paginate(operation):
        answer = getattr(caller, operation)(**parameters)
        return plain(answer), [answer["ResponseMetadata"].get("RequestId", "")]
    pages = caller.get_paginator(operation).paginate(**parameters)
    request_ids = []
    for number, page in enumerate(pages, start=1):
        if number > most_pages:
            raise RuntimeError(f"the answer has more than {most_pages} pages; ask a narrower question")
        request_ids.append(page["ResponseMetadata"].get("RequestId", ""))
    return plain(pages.build_full_result()), request_ids


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer as JSON knows it, without the metadata of the call."""
    kept = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    result: dict[str, Any] = json.loads(json.dumps(kept, default=text))
    return result


def text(value: Any) -> str:
    """Return a value that JSON does not know as text; a date as RFC 3339 in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def pick(answer: dict[str, Any], query: str | None) -> Any:
    """Return what a JMESPath expression picks from the answer, or all of it."""
    return answer if query is None else jmespath.search(query, answer)


if __name__ == "__main__":
    main()
