#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Measure how long a recovery took and how much it lost, and keep both in the record of the run."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: recovery_measure
short_description: Measure the RTO and the RPO of a recovery
version_added: 0.3.0
description:
  - The RTO ends with the first sample of the series in which the application was good for O(sustained_seconds); a
    bad sample, or more errors than O(most_share) since the series began, begins it anew.
  - With O(state=begun) it waits for the first good sample and keeps it in C(service.json) of the record, so that
    the run may go on meanwhile. With O(state=measured) it goes on with that series, also with that of a run that
    this one resumes, and writes C(objectives.json).
  - A series is carried over only where counters tell of the time between; else it begins anew, so that a measured
    RTO is too long rather than too short.
  - A drill without an application gives O(restored_at) instead. A missed target fails nothing here; it stands in
    C(met).
options:
  state:
    description: Whether service has just begun to return, or is to be measured.
    type: str
    choices: [begun, measured]
    default: measured
  directory:
    description: Folder of the run's record.
    type: path
    required: true
  about:
    description: What names the recovery, such as C(procedure), C(environment), C(strategy) and C(drill).
    type: dict
    default: {}
  t0:
    description: When the incident began, as RFC 3339.
    type: str
    required: true
  rto_target_s:
    description: Seconds within which service is to be good again.
    type: float
    required: true
  rpo_target_s:
    description: Seconds of writes that may be lost.
    type: float
    required: true
  url:
    description: Address that answers 200 when the application serves reads and writes.
    type: str
  metrics_url:
    description: Address of its counters in the text format of Prometheus.
    type: str
  restored_at:
    description: When service was good again, where it is known otherwise.
    type: str
  sustained_seconds:
    description: Seconds for which the application must be good.
    type: float
    default: 600
  sample_seconds:
    description: Seconds between two looks.
    type: float
    default: 5
  budget_seconds:
    description: Seconds after which to give up.
    type: float
    default: 1800
  most_share:
    description: Share of errors among the answers that is still good.
    type: float
    default: 0.01
  last_committed:
    description:
      - The last write before O(t0), C(at) as RFC 3339 and its C(origin), such as V(database), V(gateway) or
        V(logs).
    type: dict
    default: {}
  newest_recovered:
    description: The newest write that the recovered database holds, in the same form.
    type: dict
    default: {}
  phases:
    description: The phases of the procedure, each with C(name) and C(begins), the step with which it begins.
    type: list
    elements: dict
    default: []
extends_documentation_fragment:
  - hasivu.ops.run
attributes:
  check_mode:
    description: Looks at the application once, waits for nothing and writes nothing.
    support: full
  diff_mode:
    description: Nothing outside the record changes, so there is no difference to show.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Wait until the application serves its first request
  hasivu.ops.recovery_measure:
    state: begun
    directory: "{{ hasivu_run.directory }}"
    t0: "2026-11-01T05:40:00Z"
    rto_target_s: 3600
    rpo_target_s: 300
    url: https://app.example.com/ready
    metrics_url: https://app.example.com/metrics

- name: Measure how long it took and how much was lost
  hasivu.ops.recovery_measure:
    directory: "{{ hasivu_run.directory }}"
    about: {procedure: db-recovery, strategy: pitr, environment: production, drill: false}
    t0: "2026-11-01T05:40:00Z"
    rto_target_s: 3600
    rpo_target_s: 300
    url: https://app.example.com/ready
    metrics_url: https://app.example.com/metrics
    last_committed: {at: "2026-11-01T05:39:59.812345Z", origin: database}
    newest_recovered: {at: "2026-11-01T05:39:58.100000Z", origin: database}
"""

RETURN = r"""
service:
  description:
    - The series of good samples, C(good_since), C(sustained_s), C(samples) and C(restarts); empty with
      O(restored_at).
  returned: success
  type: dict
objectives:
  description: What C(objectives.json) holds.
  returned: with O(state=measured)
  type: dict
written:
  description: The file that was written.
  returned: with O(state=measured), not in check mode
  type: str
findings:
  description: A finding for each target that was missed or is not known, for M(hasivu.ops.run_report).
  returned: with O(state=measured)
  type: list
  elements: dict
sentence:
  description: Both measures in words.
  returned: with O(state=measured)
  type: str
"""

import json
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_objectives import (
    OBJECTIVES,
    findings,
    instant,
    objectives,
    sentence,
)
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_options import OPTIONS, SECONDS
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_phases import chain, events_of, phases_of
from ansible_collections.hasivu.ops.plugins.module_utils.report_file import write_private
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import now, stop_requested
from ansible_collections.hasivu.ops.plugins.module_utils.service_level import Series, series_from
from ansible_collections.hasivu.ops.plugins.module_utils.service_watch import NotGoodError, keep, kept, look, watch


def main() -> None:
    """Read the options, watch the application, measure."""
    module = AnsibleModule(
        argument_spec=OPTIONS,
        supports_check_mode=True,
        mutually_exclusive=[("url", "restored_at")],
        required_one_of=[("url", "restored_at")],
    )
    check_times(module)
    directory = Path(module.params["directory"])
    series = watched(module, directory) if module.params["url"] else None
    service = series.as_dictionary() if series else {}
    if module.params["state"] == "begun":
        module.exit_json(changed=False, service=service)
    measured = measure(module.params, service, directory)
    written = {} if module.check_mode else {"written": written_to(module, directory, measured)}
    told = {"objectives": measured, "findings": findings(measured), "sentence": sentence(measured)}
    module.exit_json(changed=False, service=service, **told, **written)


def check_times(module: AnsibleModule) -> None:
    """Fail when a time is none."""
    given = {name: module.params[name] for name in ("t0", "restored_at")}
    given |= {name: module.params[name].get("at") for name in ("last_committed", "newest_recovered")}
    for name, text in given.items():
        try:
            instant(text) if text else None
        except (TypeError, ValueError) as error:
            module.fail_json(msg=f"{name} is no time: {error}. Write it as 2026-11-01T05:40:00Z.", stop="bad_input")


def watched(module: AnsibleModule, directory: Path) -> Series:
    """Return the series of good samples, kept in the record; in check mode that of one look."""
    options = module.params
    series = series_from(kept(directory), options["most_share"])
    if module.check_mode:
        series.take(look(options["url"], options["metrics_url"]))
        return series
    wanted = {name: options[name] for name in SECONDS}
    if options["state"] == "begun":
        wanted["sustained_seconds"] = 0
    try:
        watch(series, lambda: look(options["url"], options["metrics_url"]), wanted, lambda: stop(module))
        keep(directory, series)
    except NotGoodError as error:
        module.fail_json(
            msg=f"The application was not good for {wanted['sustained_seconds']:g} seconds in a row within "
            f"{wanted['budget_seconds']:g}: {error}. Look into its log and at its database, then resume.",
            service=series.as_dictionary(),
            stop="resumable",
        )
    except OSError as error:
        module.fail_json(msg=unwritable(directory, error), stop="resumable")
    return series


def stop(module: AnsibleModule) -> None:
    """End the watch when the run is to stop."""
    reason = stop_requested(module.params["stop_file"])
    if reason:
        module.fail_json(msg=f"Stopped while watching: {reason}. Resume the run to go on.", stop="resumable")


def measure(options: dict[str, Any], service: dict[str, Any], directory: Path) -> dict[str, Any]:
    """Return what is known of the recovery; a rehearsal was good for no time, so its RTO is not known."""
    targets = {"rto_s": options["rto_target_s"], "rpo_s": options["rpo_target_s"]}
    lasting = service and service["sustained_s"] >= options["sustained_seconds"]
    restored_at = options["restored_at"] or (service["good_since"] if lasting else None)
    rows = {name: options[name] for name in ("last_committed", "newest_recovered")}
    phases = phases_of(map(events_of, chain(directory)), options["phases"], until=now())
    begun = {**options["about"], "t0": options["t0"], "targets": targets}
    return {**objectives(begun, restored_at, rows), "phases": phases, "service": service}


def written_to(module: AnsibleModule, directory: Path, measured: dict[str, Any]) -> str:
    """Write the measures into the record of the run, and return where."""
    try:
        return write_private(directory / OBJECTIVES, json.dumps(measured, indent=2, sort_keys=True) + "\n")
    except OSError as error:
        module.fail_json(msg=unwritable(directory, error), stop="resumable")


def unwritable(directory: Path, error: OSError) -> str:
    """Say that the record cannot be written to, and what to do."""
    return f"{directory} cannot be written to: {error.strerror}. Make room or mend the rights, then resume the run."


if __name__ == "__main__":
    main()
