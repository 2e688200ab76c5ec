#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hold every runtime and engine in use against the table of their lifecycles."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: runtime_info
short_description: Find every runtime and engine in use that leaves support
version_added: 0.2.0
description:
  - Looks at C($LATEST) of every Lambda function and at each version that one of its aliases leads to, at functions from
    images, at layers, at functions that CloudFront calls at the edge, and at the engines of RDS, ElastiCache and the
    cluster; all of these at once.
  - Holds them against a table that a person dates. A table of more than 45 days, a line that is missing in it, and
    whatever could not be read are findings.
options:
  lifecycles:
    description: The table, with C(as_of) and one part for each kind of runtime or engine.
    type: dict
    required: true
  function_prefix:
    description: What the name of a function begins with that lambda-change may change.
    type: str
    default: ""
  today:
    description: The day to judge for; without it the present day in India.
    type: str
extends_documentation_fragment:
  - hasivu.ops.kubernetes
  - hasivu.ops.aws
attributes:
  check_mode:
    description: The module only reads.
    support: full
  diff_mode:
    description: Nothing changes.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Review the runtimes
  hasivu.ops.runtime_info:
    lifecycles: "{{ lookup('ansible.builtin.file', runtime_lifecycles) | from_yaml }}"
    kubeconfig: ~/.kube/config
    context: hasivu-production
    region: ap-south-1
  register: runtime_review
"""

RETURN = r"""
findings:
  description: What leaves support, and what could not be read.
  returned: success
  type: list
  elements: dict
sections:
  description: Tables of what was looked at, as run_report takes them.
  returned: success
  type: list
  elements: dict
facts:
  description: What a reader wants to know first.
  returned: success
  type: list
  elements: dict
unknown:
  description: What could not be looked at, a sentence each.
  returned: success
  type: list
  elements: str
notes:
  description: What this review does not cover.
  returned: success
  type: list
  elements: str
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils import lifecycle_table as table_of_lifecycles
from ansible_collections.hasivu.ops.plugins.module_utils import lifecycle_verdict as verdict
from ansible_collections.hasivu.ops.plugins.module_utils import runtime_engines as engines
from ansible_collections.hasivu.ops.plugins.module_utils import runtime_functions as functions
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client, new_client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import (
    KUBERNETES_IMPORT_ERROR,
    KUBERNETES_OPTIONS,
)

INDIA = ZoneInfo("Asia/Kolkata")
EDGE_REGION = "us-east-1"
SERVICES = ("lambda", "rds", "elasticache", "cloudfront")
NOTES = ["What runs inside an image is not told by Lambda; monthly-scans looks into images."]
OPTIONS: dict[str, dict[str, Any]] = {
    "lifecycles": {"type": "dict", "required": True},
    "function_prefix": {"type": "str", "default": ""},
    "today": {"type": "str"},
    **KUBERNETES_OPTIONS,
    **AWS_OPTIONS,
}


def main() -> None:
    """Check the table, look everywhere at once, judge, and report."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    today = day_of(module)
    wrong = table_of_lifecycles.problems(module.params["lifecycles"], today)
    if wrong:
        module.fail_json(
            msg=f"The table of lifecycles is wrong: {'; '.join(wrong)}. Correct it, then run again.", stop="bad_input"
        )
    review = Review(module.params["lifecycles"], today, module.params["function_prefix"])
    look_everywhere(probes(module), review)
    module.exit_json(changed=False, **review.result())


def preload(_arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    for service in SERVICES:
        preload_service(service)


def day_of(module: AnsibleModule) -> date:
    """Return the day to judge for, or fail when it is none."""
    given = module.params["today"]
    if given and not table_of_lifecycles.is_day(given):
        module.fail_json(msg=f"{given} is no day. Write it as 2026-11-29.", stop="bad_input")
    return date.fromisoformat(given) if given else datetime.now(INDIA).date()


def probes(module: AnsibleModule) -> dict[str, Callable[[], Any]]:
    """Return every look that is to be made, by what it looks at."""
    lambdas, cdn = client(module, "lambda"), client(module, "cloudfront")
    rds, elasticache = client(module, "rds"), client(module, "elasticache")
    edge = new_client("lambda", EDGE_REGION, module.params["endpoint_url"])
    kubeconfig, context = module.params["kubeconfig"], module.params["context"]
    return {
        "functions of Lambda": lambda: Fleet(lambdas, functions.every_version_reached(lambdas)),
        "functions at the edge of CloudFront": lambda: Fleet(edge, functions.functions_at_the_edge(cdn, edge)),
        "databases of RDS": lambda: engines.databases(rds),
        "nodes of ElastiCache": lambda: engines.caches(elasticache),
        "version of the cluster": lambda: engines.cluster(kubeconfig, context),
    }


class Fleet:
    """Functions of one Region, with their images and layers."""

    def __init__(self, caller: Any, reached: list[functions.Reached]) -> None:
        """Ask for what the functions themselves do not tell."""
        self.reached = reached
        self.images = functions.images_of(caller, reached)
        self.layers = functions.compatible_runtimes(caller, reached)


class Review:
    """What was found so far."""

    def __init__(self, table: table_of_lifecycles.Table, today: date, prefix: str) -> None:
        """Begin with the age of the table."""
        self.table, self.today, self.prefix = table, today, prefix
        self.findings = verdict.stale(table, today)
        self.uses: list[verdict.Use] = []
        self.images: list[dict[str, str]] = []
        self.unknown: list[str] = []

    def fail_to_read(self, what: str, error: Exception) -> None:
        """Add what could not be read."""
        reason = " ".join(str(error).split()).rstrip(".")
        self.unknown.append(f"The {what} could not be read: {reason}.")
        self.findings.append(verdict.unreadable(f"The {what}", reason, self.today))

    def add(self, found: Fleet | list[verdict.Use]) -> None:
        """Add what a look has seen."""
        if isinstance(found, list):
            self.uses += found
            return
        self.uses += functions.uses_of(found.reached)
        self.images += found.images
        for layer, use in functions.misfits(found.reached, found.layers):
            self.findings.append(verdict.misfit(layer, found.layers[layer], use, self.today))

    def result(self) -> dict[str, Any]:
        """Return the part of the review as `review_report` takes it."""
        for use in self.uses:
            judged = verdict.judge(use, self.table, self.today)
            if judged:
                self.findings.append(verdict.finding_of(use, judged, self.table, self.today, self.prefix))
        return {
            "findings": self.findings,
            "sections": verdict.sections(self.uses, self.images, self.table, self.today),
            "facts": [
                {"name": "Table of lifecycles as of", "value": self.table["as_of"], "kind": "text"},
                {"name": "Runtimes and engines in use", "value": len(self.uses), "kind": "number"},
            ],
            "unknown": self.unknown,
            "notes": NOTES,
        }


def look_everywhere(wanted: dict[str, Callable[[], Any]], review: Review) -> None:
    """Make every look at once, and add what each has seen or why it could not."""
    with ThreadPoolExecutor(len(wanted)) as pool:
        running = {what: pool.submit(look) for what, look in wanted.items()}
    for what, future in running.items():
        error = future.exception()
        if isinstance(error, Exception):
            review.fail_to_read(what, error)
        else:
            review.add(future.result())


if __name__ == "__main__":
    main()
