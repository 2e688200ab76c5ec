# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bringing the captured writers to rest: which interface sets which kind, and what others changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import client
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import Cluster
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import stop_requested
from ansible_collections.hasivu.ops.plugins.module_utils.writer_aws import (
    Functions,
    GoneError,
    Mappings,
    Rules,
    Schedules,
    WriterError,
)
from ansible_collections.hasivu.ops.plugins.module_utils.writer_capture import digest_of
from ansible_collections.hasivu.ops.plugins.module_utils.writer_decision import RESTING, STAGES, kinds_of
from ansible_collections.hasivu.ops.plugins.module_utils.writer_kubernetes import (
    Autoscalers,
    CronJobs,
    Deployments,
    ScaledObjects,
)
from ansible_collections.hasivu.ops.plugins.module_utils.writer_setting import Report, Setter

AWS = {
    "schedules": (Schedules, "scheduler"),
    "rules": (Rules, "events"),
    "mappings": (Mappings, "lambda"),
    "functions": (Functions, "lambda"),
}
KUBERNETES = {
    "cron_jobs": CronJobs,
    "scaled_objects": ScaledObjects,
    "autoscalers": Autoscalers,
    "deployments": Deployments,
}


@dataclass(frozen=True)
class Work:
    """What a call is to do, and with what.

    Attributes:
        module: The module with its options.
        report: What was done so far.
        deadline: When patience ends, by the monotonic clock.
        tell: What is called with each progress.
    """

    module: AnsibleModule
    report: Report
    deadline: float
    tell: Callable[[str], None]

    @property
    def kinds(self) -> list[str]:
        """Return the kinds to work on, in their order."""
        stages = [stage for stage in self.module.params["stages"] if stage in STAGES]
        return kinds_of(stages, self.module.params["state"] == "returned")

    def captured(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return what was captured of a kind."""
        found: dict[str, dict[str, Any]] = self.module.params["captured"].get(kind) or {}
        return found

    def setter(self, kind: str) -> Setter:
        """Return what sets the writers of a kind."""
        reason = stop_requested(self.module.params.get("stop_file"))
        if reason:
            raise WriterError(f"a stop was asked for: {reason}")
        options = self.module.params
        assumes = self.module.check_mode and options["state"] == "returned" and options["assume_quiesced"]
        return Setter(
            kind,
            interface(self.module, kind),
            self.module.check_mode,
            self.deadline,
            self.tell,
            RESTING[kind] if assumes else None,
        )


def interface(module: AnsibleModule, kind: str) -> Any:
    """Return how writers of a kind are read and set."""
    if kind in AWS:
        api, service = AWS[kind]
        return api(client(module, service))
    cluster = Cluster(module.params["kubeconfig"], module.params["context"])
    return KUBERNETES[kind](cluster, module.params["namespace"])


def bring_to_rest(work: Work) -> list[str]:
    """Bring the writers of the stages to rest, and return what others changed since they were captured.

    Raises:
        WriterError: One cannot be brought to rest.
    """
    told: list[str] = []
    for kind in work.kinds:
        names = list(work.captured(kind))
        if not names:
            continue
        setter = work.setter(kind)
        if kind == "deployments":
            told += changed_by_others(setter.api, work.captured(kind))
        wanted = setter.set(names, lambda _name, _now, kind=kind: RESTING[kind], work.report)
        setter.settle(wanted)
    return told


def changed_by_others(deployments: Any, captured: dict[str, dict[str, Any]]) -> list[str]:
    """Return the Deployments that are told something else since they were captured."""
    told = []
    for name, entry in captured.items():
        try:
            found = deployments.get(name)
        except GoneError:
            continue
        if found["metadata"]["uid"] != entry["uid"]:
            told.append(f"The Deployment {name} is another one than was captured; somebody made it anew.")
        elif digest_of(found) != entry["template"]:
            told.append(f"The Deployment {name} was changed since it was captured, last by {deployments.author(name)}.")
    return told
