# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which changes of permissions a ticket or a run of ours explains, and which nothing does: decisions on events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.access_finding import Finding, both_times, found
from ansible_collections.hasivu.ops.plugins.module_utils.trail_lookup import Event

# Names of what changes who may do what; IAM logs reports that it makes as no reading.
CHANGES = re.compile(
    r"^(Add|Associate|Attach|Change|Create|Deactivate|Delete|Detach|Disable|Enable|Disassociate|Provision|Put|Remove|Reset"
    r"|Resync|Set|Tag|Untag|Update|Upload|AssumeRoot|GetFederationToken|Password)"
)
SIGN_IN = "ConsoleLogin"
ALL_RIGHTS = re.compile(r"/(AdministratorAccess|IAMFullAccess|PowerUserAccess)$|\"Action\"\s*:\s*\[?\s*\"\*(:\*)?\"")
OPENS_A_ROLE = "UpdateAssumeRolePolicy"
TARGETS = ("userName", "groupName", "roleName", "policyArn", "policyName", "accessKeyId", "serialNumber", "principalId")
MARGIN = timedelta(minutes=1)
SHOWN = 5


@dataclass(frozen=True)
class Approval:
    """A change that a ticket allows: who may do what to whom, and when."""

    ticket: str
    by: str
    start: datetime
    end: datetime
    events: tuple[str, ...]
    targets: tuple[str, ...] = ("*",)

    def explains(self, event: Event) -> bool:
        """Tell whether the event is what the ticket allows."""
        return (
            self.start <= event.at <= self.end
            and self.by in (event.user, event.principal)
            and any(fnmatchcase(event.name, pattern) for pattern in self.events)
            and any(fnmatchcase(target, pattern) for target in targets(event) or [""] for pattern in self.targets)
        )


@dataclass(frozen=True)
class Run:
    """A run of ours that was no rehearsal: which events its procedure makes, as whom, and when it ran."""

    id: str
    principals: tuple[str, ...]
    events: tuple[str, ...]
    start: datetime
    end: datetime

    def explains(self, event: Event) -> bool:
        """Tell whether the event may be the run's: by its principal, of its kind, to a minute in its time."""
        return (
            self.start - MARGIN <= event.at <= self.end + MARGIN
            and bool({event.user, event.principal} & set(self.principals))
            and any(fnmatchcase(event.name, pattern) for pattern in self.events)
        )


@dataclass
class Judged:
    """The events of a review, told apart."""

    explained: list[tuple[Event, str]] = field(default_factory=list)
    unexplained: list[Event] = field(default_factory=list)
    refused: list[Event] = field(default_factory=list)
    root: list[Event] = field(default_factory=list)

    @property
    def alone(self) -> list[Event]:
        """Return the events that nothing explains."""
        return [*self.unexplained, *self.root, *self.refused]


def judge(events: Iterable[Event], approvals: list[Approval], runs: list[Run]) -> Judged:
    """Tell the events apart: explained, unexplained, refused by AWS, and sign-ins of the root user."""
    judged = Judged()
    for event in sorted({one.id: one for one in events}.values(), key=lambda one: one.at):
        if not (CHANGES.match(event.name) or (event.name == SIGN_IN and event.root)):
            continue
        reason = explanation(event, approvals, runs)
        if reason:
            judged.explained.append((event, reason))
        elif event.name == SIGN_IN:
            judged.root.append(event)
        else:
            (judged.refused if event.error else judged.unexplained).append(event)
    return judged


def explanation(event: Event, approvals: list[Approval], runs: list[Run]) -> str:
    """Return the ticket or the run that explains an event, or nothing."""
    tickets = [approval.ticket for approval in approvals if approval.explains(event)]
    ours = [f"run {run.id}" for run in runs if run.explains(event)]
    return next(iter([*tickets, *ours]), "")


def change_findings(judged: Judged) -> list[Finding]:
    """Return a finding for each who did one kind of thing in one region, so that a flood stays readable."""
    grave = [event for event in judged.unexplained if is_grave(event)]
    other = [event for event in judged.unexplained if not is_grave(event)]
    return [
        *grouped("unexplained-administrator", grave),
        *grouped("unexplained-permission-change", other),
        *grouped("root-used", judged.root),
        *grouped("refused-permission-change", judged.refused),
    ]


def is_grave(event: Event) -> bool:
    """Tell whether an event gives all rights, opens a role, or was done by the root user."""
    given = " ".join(map(str, event.sent.values()))
    return event.root or event.name == OPENS_A_ROLE or bool(ALL_RIGHTS.search(given))


def grouped(key: str, events: list[Event]) -> Iterator[Finding]:
    """Return the findings of one kind."""
    groups: dict[tuple[str, str, str], list[Event]] = {}
    for event in events:
        groups.setdefault((event.principal, event.name, event.region), []).append(event)
    for (principal, name, region), group in groups.items():
        yield found(key, sentence(group), f"{principal} {name} in {region}")


def sentence(group: list[Event]) -> str:
    """Return what was done, by whom, to whom and when."""
    first, last = group[0], group[-1]
    to = f" for {named(group)}" if named(group) else ""
    refusal = f", which AWS refused ({first.error})" if first.error else ""
    start = f"{first.principal} called {first.name}{to} in {first.region}{refusal}"
    if len(group) == 1:
        return f"{start} at {both_times(first.at)}."
    return f"{start} {len(group)} times, first at {both_times(first.at)}, last at {both_times(last.at)}."


def named(group: list[Event]) -> str:
    """Return to whom or what some changes were made, the first few by name."""
    names = list(dict.fromkeys(target for event in group for target in targets(event)[:1]))
    return ", ".join(names[:SHOWN]) + (" and others" if len(names) > SHOWN else "")


def targets(event: Event) -> list[str]:
    """Return whom or what a change was made to."""
    return [str(event.sent[name]) for name in TARGETS if event.sent.get(name)]


def change_rows(judged: Judged) -> list[dict[str, Any]]:
    """Return a row for each who did one kind of thing in one region with one explanation, newest first."""
    every = [*judged.explained, *((event, unexplained(event)) for event in judged.alone)]
    groups: dict[tuple[str, str, str, str], list[Event]] = {}
    for event, reason in sorted(every, key=lambda one: one[0].at):
        groups.setdefault((event.principal, event.name, event.region, reason), []).append(event)
    newest = sorted(groups.items(), key=lambda one: one[1][-1].at, reverse=True)
    return [change_row(group, reason) for (_, _, _, reason), group in newest]


def unexplained(event: Event) -> str:
    """Return what stands in a table where an explanation should."""
    return f"refused: {event.error}" if event.error else "no"


def change_row(group: list[Event], reason: str) -> dict[str, Any]:
    """Return some events as one row; the ids of the first and the last lead to the records of CloudTrail."""
    first, last = group[0], group[-1]
    return {
        "name": first.name,
        "who": first.principal,
        "whom": named(group),
        "region": first.region,
        "times": len(group),
        "first": both_times(first.at),
        "last": both_times(last.at),
        "explained": reason,
        "first_event": first.id,
        "last_event": last.id,
    }
