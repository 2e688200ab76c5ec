#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read who changed permissions in AWS, and say which changes nothing explains."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: permission_changes_info
short_description: Read the changes of permissions from CloudTrail, and find those that nothing explains
version_added: 0.2.0
description:
  - Looks up the events of IAM, of sign-in and of IAM Identity Center, and those of STS that give permissions, in every
    region named. IAM files its events in us-east-1 and nowhere else, so that region is always looked at.
  - A change is explained by a ticket of O(approved_changes), or by a sealed record of a run whose procedure makes such
    events. Anything else is a finding.
  - An account without a trail of all regions, or with one that could be altered unseen, is a finding.
  - A region or a source that could not be looked at whole is a finding, and the others are looked at all the same.
options:
  days:
    description: Days to look back; CloudTrail's event history holds 90.
    type: int
    default: 35
  regions:
    description: Regions to look at beside us-east-1 and O(region).
    type: list
    elements: str
    default: []
  requests_per_second:
    description: Look-ups in a second, for each region; AWS takes two.
    type: float
    default: 2.0
  most_pages:
    description: Pages of 50 events to read at the most for each source and region; one more makes the source unread.
    type: int
    default: 1200
  approved_changes:
    description: Changes that tickets allow.
    type: list
    elements: dict
    default: []
    suboptions:
      ticket:
        description: The ticket.
        type: str
        required: true
      by:
        description: The user name, or C(user/NAME) or C(role/NAME), that makes the change.
        type: str
        required: true
      events:
        description: Names of the events, with C(*) and C(?).
        type: list
        elements: str
        required: true
      targets:
        description: Whom or what is changed, with C(*) and C(?).
        type: list
        elements: str
        default: ["*"]
      start:
        description: From when on, as RFC 3339 with a zone.
        type: str
        required: true
      end:
        description: Until when, as RFC 3339 with a zone.
        type: str
        required: true
  records:
    description: Folder of the records of runs.
    type: path
  environment_name:
    description: Environment whose runs explain changes.
    type: str
    default: ""
  run_principals:
    description: Names under which our procedures call AWS.
    type: list
    elements: str
    default: []
  run_events:
    description: For each procedure that changes permissions the names of the events that it makes, with C(*) and C(?).
    type: dict
    default: {}
extends_documentation_fragment:
  - hasivu.ops.aws
attributes:
  check_mode:
    description: The module only reads.
    support: full
  diff_mode:
    description: Nothing changes, so there is no difference to show.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Read who changed permissions in the last 35 days
  hasivu.ops.permission_changes_info:
    region: ap-south-1
    approved_changes:
      - ticket: OPS-2211
        by: anita.deshpande
        events: [CreateAccessKey, DeleteAccessKey]
        targets: [ci-deploy]
        start: "2026-11-02T00:00:00+05:30"
        end: "2026-11-03T00:00:00+05:30"
  register: permission_changes
"""

RETURN = r"""
changes:
  description: Who changed what, newest first, with what explains it; the same done often is one row that counts.
  returned: success
  type: list
  elements: dict
counts:
  description: How many changes were explained, unexplained and refused by AWS.
  returned: success
  type: dict
looked_at:
  description: Each source and region that was read whole.
  returned: success
  type: list
  elements: str
findings:
  description: What is missing in the trails, and each kind of change by somebody in a region that nothing explains.
  returned: success
  type: list
  elements: dict
unknown:
  description: What could not be looked at, a sentence each; each is a finding too.
  returned: success
  type: list
  elements: str
notes:
  description: What the account does not offer.
  returned: success
  type: list
  elements: str
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.access_unread import Unread
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client, new_client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.run_manifests import changing_runs
from ansible_collections.hasivu.ops.plugins.module_utils.trail_changes import (
    Approval,
    Judged,
    Run,
    change_findings,
    change_rows,
    judge,
)
from ansible_collections.hasivu.ops.plugins.module_utils.trail_lookup import Event, Pace, Question, Window, look_up
from ansible_collections.hasivu.ops.plugins.module_utils.trail_setup import trail_findings

APPROVED = {
    "ticket": {"type": "str", "required": True},
    "by": {"type": "str", "required": True},
    "events": {"type": "list", "elements": "str", "required": True},
    "targets": {"type": "list", "elements": "str", "default": ["*"]},
    "start": {"type": "str", "required": True},
    "end": {"type": "str", "required": True},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "days": {"type": "int", "default": 35},
    "regions": {"type": "list", "elements": "str", "default": []},
    "requests_per_second": {"type": "float", "default": 2.0},
    "most_pages": {"type": "int", "default": 1200},
    "approved_changes": {"type": "list", "elements": "dict", "default": [], "options": APPROVED},
    "records": {"type": "path"},
    "environment_name": {"type": "str", "default": ""},
    "run_principals": {"type": "list", "elements": "str", "default": []},
    "run_events": {"type": "dict", "default": {}},
}
GLOBAL_REGION = "us-east-1"
# STS is asked by event: a busy account takes roles a hundred thousand times a day, and every one of these is a reading.
QUESTIONS = (
    ("EventSource", "iam.amazonaws.com"),
    ("EventSource", "signin.amazonaws.com"),
    ("EventSource", "sso.amazonaws.com"),
    ("EventSource", "sso-directory.amazonaws.com"),
    ("EventName", "GetFederationToken"),
    ("EventName", "AssumeRoot"),
)


def main() -> None:
    """Look up, judge, tell."""
    module = AnsibleModule(argument_spec={**AWS_OPTIONS, **OPTIONS}, supports_check_mode=True)
    trail = client(module, "cloudtrail")  # fails with a sentence when AWS cannot be called at all
    approvals, unread = read_approvals(module), Unread()
    mend = "Allow cloudtrail:DescribeTrails and cloudtrail:GetTrailStatus to the role that reviews."
    trails = unread.ask("The trails", "cloudtrail:DescribeTrails", mend, lambda: trail_findings(trail)) or []
    events, looked_at = read_events(module.params, unread)
    judged = judge(events, approvals, read_runs(module.params))
    module.exit_json(
        changed=False,
        changes=change_rows(judged),
        counts={"explained": len(judged.explained), "unexplained": unexplained(judged), "refused": len(judged.refused)},
        looked_at=looked_at,
        findings=[*trails, *change_findings(judged), *unread.findings],
        unknown=unread.sentences,
        notes=unread.notes,
    )


def preload(arguments: dict[str, Any]) -> None:
    """Load the model of the service before the worker of the step is forked."""
    preload_service("cloudtrail")


def read_events(options: dict[str, Any], unread: Unread) -> tuple[list[Event], list[str]]:
    """Return the changes of every region, and which sources were read whole."""
    now = datetime.now(UTC)
    window = Window(now - timedelta(days=options["days"]), now)
    events: list[Event] = []
    looked_at: list[str] = []
    for region in dict.fromkeys([GLOBAL_REGION, options["region"], *options["regions"]]):
        caller, pace = new_client("cloudtrail", region, options["endpoint_url"]), Pace(options["requests_per_second"])
        for name, value in QUESTIONS:
            question = Question(region, name, value)
            found = ask(unread, caller, question, window, pace, options["most_pages"])
            events += found or []
            looked_at += [] if found is None else [question.where]
    return events, looked_at


def ask(
    unread: Unread, caller: Any, question: Question, window: Window, pace: Pace, most_pages: int
) -> list[Event] | None:
    """Return the changes that answer one question, or nothing once its failure is kept."""
    return unread.ask(
        f"The events of {question.value} in {question.region}",
        question.where,
        "Allow cloudtrail:LookupEvents to the role that reviews, or query the trail in Athena.",
        lambda: look_up(caller, question, window, pace, most_pages),
    )


def read_approvals(module: AnsibleModule) -> list[Approval]:
    """Return the changes that tickets allow; a time without a zone would allow another time than was meant."""
    try:
        return [approval(given) for given in module.params["approved_changes"]]
    except ValueError as error:
        module.fail_json(
            msg=f"A time of approved_changes cannot be used: {error}. Write it as 2026-11-02T09:00:00+05:30.",
            stop="bad_input",
        )


def approval(given: dict[str, Any]) -> Approval:
    """Return a change that a ticket allows.

    Raises:
        ValueError: A time is none, or has no zone.
    """
    start, end = (datetime.fromisoformat(given[name]) for name in ("start", "end"))
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError(f"that of {given['ticket']} has no zone")
    return Approval(given["ticket"], given["by"], start, end, tuple(given["events"]), tuple(given["targets"]))


def read_runs(options: dict[str, Any]) -> list[Run]:
    """Return the runs that may have changed permissions, by their sealed records."""
    if not options["records"]:
        return []
    events, principals = options["run_events"], tuple(options["run_principals"])
    return [
        Run(run["id"], principals, tuple(events[run["procedure"]]), run["start"], run["end"])
        for run in changing_runs(Path(options["records"]), options["environment_name"])
        if run["procedure"] in events
    ]


def unexplained(judged: Judged) -> int:
    """Return how many changes nothing explains."""
    return len(judged.unexplained) + len(judged.root)


if __name__ == "__main__":
    main()
