#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scan what runs with programs that are what they should be, and believe none that could not look."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: security_scan
short_description: Scan images, lock files, manifests and histories for vulnerabilities and secrets
version_added: 0.2.0
description:
  - Runs the scanners that O(scanners) names against the images and commits of O(artifacts) and against O(repositories).
  - A scanner runs without a shell, without credentials, with an empty home, and within O(scan_seconds). One that is
    missing, that is not the pinned one, that fails, or whose output has not its documented form is a finding.
  - Every hit is written to C(scans/scans.json) of the record as the scanner rates it, every bill of materials beside
    it. Of a secret only kind, file and line are kept.
options:
  directory:
    description: Folder of the run's record.
    type: path
    required: true
  artifacts:
    description: Result of M(hasivu.ops.running_artifacts_info).
    type: dict
    required: true
  repositories:
    description: Clones whose history is scanned; the first one that holds a deployed commit gives its files.
    type: list
    elements: path
    required: true
  lock_files:
    description: For C(pip-audit) and C(npm-audit), the lock files in a commit. One that is gone is a finding.
    type: dict
    default: {}
  scanners:
    description: Scanners to run.
    type: list
    elements: str
    choices: [trivy-image, trivy-config, pip-audit, npm-audit, gitleaks, detect-secrets, detect-secrets-history]
    required: true
  tools:
    description:
      - By program, C(program) (a path or a name on the PATH), the pins C(version) and C(sha256), C(environment) (no
        credentials) and C(cache) (a folder that keeps a vulnerability database).
    type: dict
    default: {}
  mirrors:
    description: Addresses of the database mirrors, C(osv), C(osv_index) and C(npm).
    type: dict
    default: {}
  registry_mirror:
    description: By registry, the mirror to fetch images from without a login.
    type: dict
    default: {}
  exploited:
    description: File of known exploited vulnerabilities in the JSON form of CISA. A vulnerability in it is critical.
    type: path
  odds:
    description: File of EPSS scores as FIRST publishes it.
    type: path
  likely:
    description: EPSS score from which a vulnerability counts one step worse.
    type: float
    default: 0.5
  database_days:
    description: Days that a vulnerability database may be old.
    type: int
    default: 7
  most_findings:
    description: Hits of one scan that become findings of their own; the others are counted in one.
    type: int
    default: 100
  scan_seconds:
    description: Seconds that one scan may take.
    type: int
    default: 600
  budget_min:
    description: Minutes after which no further scan begins; those left out are findings.
    type: int
    default: 60
  previous_report:
    description: Report of an earlier run; its complete scans of the same bytes with the same database are used again.
    type: str
    default: ""
  shared:
    description: Folder in which procedures that are rehearsed together share their scans; for rehearsals alone.
    type: path
extends_documentation_fragment:
  - hasivu.ops.run
attributes:
  check_mode:
    description: Scans in check mode too, for it changes nothing; it writes into the record of the rehearsal.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Scan what runs
  hasivu.ops.security_scan:
    directory: "{{ hasivu_run.directory }}"
    artifacts: "{{ artifacts }}"
    repositories: [/srv/hasivu/platform.git]
    scanners: [trivy-image, pip-audit, npm-audit, gitleaks]
    lock_files:
      pip-audit: [requirements.txt]
      npm-audit: [package-lock.json]
    mirrors:
      osv: https://api.osv.dev/v1/query
      osv_index: https://osv-vulnerabilities.storage.googleapis.com/PyPI/modified_id.csv
      npm: https://registry.npmjs.org/
    tools:
      trivy: {program: /opt/scanners/trivy, sha256: 4f1c...}
  register: scan_review
"""

RETURN = r"""
findings:
  description: What was hit, what could not be looked at, and what is wrong with the scanners.
  returned: success
  type: list
  elements: dict
sections:
  description: Tables of what runs, of the scans and of the scanners.
  returned: success
  type: list
  elements: dict
facts:
  description: How much was scanned and hit.
  returned: success
  type: list
  elements: dict
unknown:
  description: What could not be looked at, a sentence each.
  returned: success
  type: list
  elements: str
notes:
  description: What scans like these do not cover.
  returned: success
  type: list
  elements: str
file:
  description: The file in the record that holds every hit.
  returned: success
  type: str
"""

import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import (
    scan_findings,
    scan_plan,
    scan_report,
    scan_reuse,
    scan_severity,
)
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding
from ansible_collections.hasivu.ops.plugins.module_utils.report_values import IST
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS, report_progress, stop_requested
from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import Scan, ScanError
from ansible_collections.hasivu.ops.plugins.module_utils.scan_process import StopError
from ansible_collections.hasivu.ops.plugins.module_utils.scan_scanners import SCANNERS
from ansible_collections.hasivu.ops.plugins.module_utils.scan_sharing import Sharing
from ansible_collections.hasivu.ops.plugins.module_utils.scan_work import Work

NOTES = [
    "Zip packages of Lambda functions are known by digest only; what is in them is scanned through the lock files.",
    "The quarterly scan by an approved vendor and the authenticated internal scan are obligations of their own (pci).",
]
LIST = {"type": "list", "elements": "str", "required": True}


def main() -> None:
    """Read the options, scan, keep, report."""
    module = AnsibleModule(
        argument_spec={
            **RUN_OPTIONS,
            "directory": {"type": "path", "required": True},
            "artifacts": {"type": "dict", "required": True},
            "repositories": {**LIST, "elements": "path"},
            "lock_files": {"type": "dict", "default": {}},
            "scanners": {**LIST, "choices": list(SCANNERS)},
            "tools": {"type": "dict", "default": {}},
            "mirrors": {"type": "dict", "default": {}},
            "registry_mirror": {"type": "dict", "default": {}},
            "exploited": {"type": "path"},
            "odds": {"type": "path"},
            "likely": {"type": "float", "default": 0.5},
            "database_days": {"type": "int", "default": 7},
            "most_findings": {"type": "int", "default": 100},
            "scan_seconds": {"type": "int", "default": 600},
            "budget_min": {"type": "int", "default": 60},
            "previous_report": {"type": "str", "default": ""},
            "shared": {"type": "path"},
        },
        supports_check_mode=True,
    )
    try:
        threats, findings = read_threats(module.params)
        work = prepared(module.params, module.check_mode)
        scans = scan_all(module.params, work)
        file = scan_reuse.keep(module.params["directory"], scans)
    except StopError:
        module.fail_json(msg="The scan was ended, for a stop was asked for. Resume the run to scan.", stop="resumable")
    except OSError as error:
        where = module.params["directory"]
        module.fail_json(
            msg=f"The scans could not be kept in {where}: {error}. Make room, then resume.", stop="resumable"
        )
    rated = [replace(scan, hits=tuple(map(threats.rate, scan.hits))) for scan in scans]
    module.exit_json(changed=False, file=file, **review(module.params, work, rated, findings))


def prepared(options: dict[str, Any], rehearsal: bool) -> Work:
    """Return the work with its programs found and checked."""
    work = Work(
        tools=options["tools"],
        mirrors=options["mirrors"],
        directory=options["directory"],
        seconds=options["scan_seconds"],
        deadline=time.monotonic() + 60 * options["budget_min"],
        previous_report=options["previous_report"],
        before=scan_reuse.previous(options["previous_report"]),
        sharing=Sharing(Path(options["shared"]) if options["shared"] and rehearsal else None),
        stop_asked=lambda: stop_requested(options["stop_file"]) is not None,
    )
    wanted: dict[str, list[str]] = {}
    for name in options["scanners"]:
        wanted.setdefault(SCANNERS[name].program, []).append(name)
    for program, scanners in wanted.items():
        work.prepare(program, scanners)
    return work


def read_threats(options: dict[str, Any]) -> tuple[scan_severity.Threats, list[dict[str, str]]]:
    """Return what is known of attacks; a list that cannot be read, or is old, is a finding."""
    exploited: set[str] = set()
    odds: dict[str, float] = {}
    findings, today = [], datetime.now(IST).date()
    try:
        if options["exploited"]:
            exploited, released = scan_severity.read_exploited(options["exploited"])
            findings += old_list(options["exploited"], (today - released).days, options["database_days"])
        if options["odds"]:
            odds, scored = scan_severity.read_odds(options["odds"])
            findings += old_list(options["odds"], (today - scored).days, options["database_days"])
    except ScanError as error:
        findings.append(list_finding(f"The list of attacks cannot be used: {error}.", "list of attacks"))
    return scan_severity.Threats(exploited, odds, options["likely"]), findings


def old_list(path: str, days: int, most: int) -> list[dict[str, str]]:
    """Return a finding when a list is older than it may be."""
    return [list_finding(f"The list of attacks {path} is {days} days old.", path)] if days > most else []


def list_finding(what: str, where: str) -> dict[str, str]:
    """Return the finding of a list of attacks."""
    why = "A vulnerability that is being exploited would not be ranked first."
    return finding(what, where, why, "Fetch it anew from CISA or FIRST.", "high", key="threats-stale")


def scan_all(options: dict[str, Any], work: Work) -> list[Scan]:
    """Scan everything, one after another, and say how far it is.

    Raises:
        StopError: The run was asked to stop.
    """
    with tempfile.TemporaryDirectory(prefix="hasivu-checkout-") as folder:
        planned, failed = plan(options, Path(folder))
        scans = list(failed)
        for number, (scanner, target) in enumerate(planned):
            if work.stop_asked():
                raise StopError
            report_progress(
                options["progress_file"], f"{scanner.name} of {target.name}", done=number, total=len(planned)
            )
            scans.append(work.scan(scanner, target))
        return scans


def plan(options: dict[str, Any], folder: Path) -> tuple[list[scan_plan.Planned], list[Scan]]:
    """Return all that is to be scanned, and what cannot be."""
    names, artifacts = options["scanners"], options["artifacts"]
    planned = scan_plan.images(artifacts["images"], names, options["registry_mirror"])
    failed: list[Scan] = []
    for commit in artifacts["commits"]:
        one, gone = first_that_has(options, commit, folder)
        planned, failed = planned + one, failed + gone
    for number, repository in enumerate(options["repositories"]):
        place = folder / f"repository-{number}"
        place.mkdir()
        try:
            one, large = scan_plan.history(repository, place, names)
        except ScanError as error:
            failed.append(scan_plan.unread(repository, error))
            continue
        planned += one
        failed += [scan_plan.unread(f"{repository}:{file}", ScanError("it is too large")) for file in large]
    return planned, failed


def first_that_has(options: dict[str, Any], commit: str, folder: Path) -> tuple[list[scan_plan.Planned], list[Scan]]:
    """Return the scans of a commit from the first repository that holds it."""
    error = ScanError("the inventory names no repository")
    for repository in options["repositories"]:
        try:
            return scan_plan.commit(repository, commit, folder, options["scanners"], options["lock_files"])
        except ScanError as reason:
            error = reason
    return [], [scan_plan.unread(f"commit {commit}", error)]


def review(options: dict[str, Any], work: Work, scans: list[Scan], findings: list[dict[str, str]]) -> dict[str, Any]:
    """Return the review: findings, tables, facts, what is unknown and what is not covered."""
    now, artifacts = datetime.now(UTC), options["artifacts"]
    today = now.astimezone(IST).date()
    hits = [found for scan in scans for found in scan_findings.findings_of(scan, options["most_findings"])]
    old = scan_findings.old_databases(scans, options["database_days"], now)
    everything = [*artifacts["findings"], *work.findings, *findings, *old, *hits]
    failed = [scan for scan in scans if scan.outcome not in scan_report.ENDED]
    return {
        "findings": [scan_findings.with_deadline(found, today) for found in everything],
        "sections": [*artifacts["sections"], *scan_report.sections(scans, work.programs)],
        "facts": scan_report.facts(scans),
        "unknown": [*artifacts["unknown"], *(f"{one.scanner} of {one.target} {one.reason}." for one in failed)],
        "notes": NOTES,
    }


if __name__ == "__main__":
    main()
