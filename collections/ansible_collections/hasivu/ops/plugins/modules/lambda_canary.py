#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Watch a version of a Lambda function that gets a share of the calls."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: lambda_canary
short_description: Watch errors, throttles and duration of a version that gets a share of the calls
version_added: 0.2.0
description:
  - Compares what CloudWatch counts of the new version with what it counts of the version before, both behind one alias,
    and fails as soon as the new one does worse.
  - Calls the new version itself now and then with O(event), so that a function that nobody calls at this hour is judged
    too. A version that too few calls reached is not taken for a good one.
  - CloudWatch is one to three minutes behind, so a watch of less than five minutes sees little of users' calls.
options:
  alias:
    description: Alias that divides the calls.
    type: str
    required: true
  version:
    description: The new version.
    type: str
    required: true
  previous:
    description: The version before.
    type: str
    required: true
  watch_seconds:
    description: How long to watch; three times as long where fewer than O(least_calls) calls have reached the version.
    type: int
    default: 600
  look_seconds:
    description: Seconds between two looks.
    type: float
    default: 10
  event:
    description: Event of the trial calls, one with each look; without it there are none.
    type: dict
  max_error_rate:
    description: Share of failed or throttled calls that is accepted even where the version before has none.
    type: float
    default: 0.01
  slower_factor:
    description: How many times slower the new version may be at the 95th percentile.
    type: float
    default: 1.5
  slower_ms:
    description: Milliseconds that it may be slower besides.
    type: float
    default: 200
  least_calls:
    description: Calls that must have reached the new version by the end, trial calls included.
    type: int
    default: 20
extends_documentation_fragment:
  - hasivu.ops.function
  - hasivu.ops.run
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Watches nothing, for nothing was moved.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Watch version 7 for ten minutes
  hasivu.ops.lambda_canary:
    function: hasivu-platform-api-orders
    alias: live
    version: "7"
    previous: "6"
    event: {rawPath: /health}
    region: ap-south-1
"""

RETURN = r"""
new:
  description: What was counted of the new version, with C(calls), C(errors), C(throttles) and C(p95).
  returned: always
  type: dict
old:
  description: The same of the version before.
  returned: always
  type: dict
trials:
  description: Trial calls of the new version.
  returned: always
  type: int
"""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import lambda_canary_verdict as verdict
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.lambda_call import FUNCTION_OPTIONS, give_up
from ansible_collections.hasivu.ops.plugins.module_utils.lambda_trial import call_once
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import (
    RUN_OPTIONS,
    report_progress,
    stop_requested,
)

OPTIONS: dict[str, dict[str, Any]] = {
    **FUNCTION_OPTIONS,
    **RUN_OPTIONS,
    "alias": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "previous": {"type": "str", "required": True},
    "watch_seconds": {"type": "int", "default": 600},
    "look_seconds": {"type": "float", "default": 10},
    "event": {"type": "dict"},
    "max_error_rate": {"type": "float", "default": 0.01},
    "slower_factor": {"type": "float", "default": 1.5},
    "slower_ms": {"type": "float", "default": 200},
    "least_calls": {"type": "int", "default": 20},
    **AWS_OPTIONS,
}
LONGER = 3
NOTHING: dict[str, Any] = {"new": asdict(verdict.Sample()), "old": asdict(verdict.Sample()), "trials": 0}


def main() -> None:
    """Watch until the time is over, or the version does worse, or a stop is asked for."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    if module.check_mode:
        module.exit_json(changed=False, **NOTHING)
    watch = Watch(module)
    while not watch.is_over():
        watch.look()
        report_progress(module.params["progress_file"], watch.in_words())
        time.sleep(module.params["look_seconds"])
    watch.end()


def preload(_arguments: dict[str, Any]) -> None:
    """Load the models of Lambda and CloudWatch before the worker of the step is forked."""
    preload_service("lambda")
    preload_service("cloudwatch")


class Watch:
    """What was seen of a version so far."""

    def __init__(self, module: AnsibleModule) -> None:
        """Begin at the present minute, which is as fine as CloudWatch counts."""
        self.module, self.options = module, module.params
        self.name = f"version {self.options['version']} of {self.options['function']}"
        self.begun = time.monotonic()
        self.since = datetime.now(UTC).replace(second=0, microsecond=0)
        self.functions, self.metrics = client(module, "lambda"), client(module, "cloudwatch")
        names = ("slower_factor", "slower_ms", "least_calls")
        self.limits = verdict.Limits(self.options["max_error_rate"], *(self.options[name] for name in names))
        self.new = self.old = verdict.Sample()
        self.trials = 0

    def is_over(self) -> bool:
        """Tell whether it was watched long enough; where too few calls reached it, three times as long is enough."""
        watched, wanted = time.monotonic() - self.begun, self.options["watch_seconds"]
        little = verdict.unknown(self.new, self.trials, self.limits)
        return bool(watched >= (LONGER * wanted if little else wanted))

    def look(self) -> None:
        """Make a trial call, ask CloudWatch, and fail when the version does worse or a stop is asked for."""
        try:
            failure = self.try_once()
            self.count()
        except Exception as error:  # boto3 raises errors of many families; each is a sentence here
            give_up(self.module, f"The watch of {self.name}", error, **self.result())
        reason = verdict.worse(self.new, self.old, failure, self.limits)
        if reason:
            self.module.fail_json(msg=f"{self.name} does worse: {reason}.", stop="finding", **self.result())
        stopped = stop_requested(self.options["stop_file"])
        if stopped:
            self.module.fail_json(
                msg=f"Stopped while {self.name} was watched: {stopped}. Resume the run.",
                stop="resumable",
                **self.result(),
            )

    def try_once(self) -> str:
        """Call the version once, and return why it failed, if it did."""
        if not self.options["event"]:
            return ""
        self.trials += 1
        return call_once(
            self.functions, self.options["function"], self.options["version"], self.options["event"]
        ).failure

    def count(self) -> None:
        """Ask CloudWatch what it counted of both versions."""
        versions = {"new": self.options["version"], "old": self.options["previous"]}
        asked = verdict.queries(self.options["function"], self.options["alias"], versions)
        answer = self.metrics.get_metric_data(StartTime=self.since, EndTime=datetime.now(UTC), MetricDataQueries=asked)
        results = answer["MetricDataResults"]
        self.new, self.old = verdict.sample_of(results, "new"), verdict.sample_of(results, "old")

    def end(self) -> None:
        """End the module well, unless too little was seen."""
        reason = verdict.unknown(self.new, self.trials, self.limits)
        if reason:
            self.module.fail_json(
                msg=f"Nothing can be said of {self.name}: {reason}. Resume the run at a busier hour, or watch longer.",
                stop="resumable",
                **self.result(),
            )
        self.module.exit_json(changed=False, **self.result())

    def in_words(self) -> str:
        """Return what was seen so far in one line."""
        return (
            f"Watching {self.name}: {self.new.calls:.0f} calls, {self.new.errors:.0f} errors, {self.trials} trial calls"
        )

    def result(self) -> dict[str, Any]:
        """Return what the record reads."""
        return {"new": asdict(self.new), "old": asdict(self.old), "trials": self.trials}


if __name__ == "__main__":
    main()
