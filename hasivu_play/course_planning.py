"""The plan of a run, from its header, the steps of its playbook and the records of earlier runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.recovery_phases import phases_of

from hasivu_play.course_plan import Clock, Phase, Plan
from hasivu_play.document import Step, steps
from hasivu_play.errors import UsageError
from hasivu_play.header import Header, read_plays
from hasivu_play.project import Project
from hasivu_play.records import list_runs, load
from hasivu_play.run import Request

MOST_RUNS = 20


def plan_of(project: Project, header: Header, request: Request) -> Plan | None:
    """Return the plan of a run whose header gives one; a rehearsal and a way back go no such course."""
    named = header.phases or header.point_of_no_return or header.rto_clock
    if not named or request.check or request.direction == "back":
        return None
    playbook = project.playbook(request.procedure)
    order = main_steps(list(steps(read_plays(playbook))))
    check_names(header, order, playbook.name)
    turn = header.point_of_no_return
    return Plan(
        expected=timedelta(minutes=header.expected_minutes),
        phases=timed(header, request),
        point_of_no_return=turn,
        step_before=order[order.index(turn) - 1] if turn else None,
        clock=clock_of(header, request, order),
    )


def main_steps(walked: list[Step]) -> list[str]:
    """Return the steps of a playbook in their order, without those that only a failure or the end brings."""
    found, below = [], None
    for step in walked:
        if below is not None and step.depth > below:
            continue
        below = step.depth if step.kind in ("rescue", "always") else None
        if step.kind == "step":
            found.append(step.text)
    return found


def check_names(header: Header, order: list[str], name: str) -> None:
    """Refuse a header whose phases or point of no return are no steps of the playbook, or in another order."""
    begins = [phase["begins"] for phase in header.phases]
    until = header.rto_clock.get("until")
    missing = [step for step in (*begins, header.point_of_no_return, until) if step and step not in order]
    if missing:
        raise UsageError(f"The header of {name} names '{missing[0]}', which is no step of it. Name one word for word.")
    if sorted(begins, key=order.index) != begins:
        raise UsageError(f"The phases of {name} are not in the order of its steps. Put them in order.")
    if header.point_of_no_return == order[0]:
        raise UsageError(f"{name} begins with its point of no return. Put a step before it, at which it is announced.")


def timed(header: Header, request: Request) -> list[Phase]:
    """Return the phases, each with the median of its seconds in the last runs that went well."""
    spent: dict[str, list[float]] = {}
    for found in earlier(header, request):
        for phase in found:
            spent.setdefault(phase["name"], []).append(phase["seconds"])
    phases = [Phase(phase["name"], phase["begins"]) for phase in header.phases]
    return [replace(phase, seconds=median(spent[phase.name])) if phase.name in spent else phase for phase in phases]


def earlier(header: Header, request: Request) -> list[list[dict[str, Any]]]:
    """Return the phases of the last runs of this procedure here that went from its beginning to its end."""
    if not header.phases:
        return []
    same = [run for run in list_runs() if (run.procedure, run.environment) == (request.procedure, request.environment)]
    whole = [run for run in same if run.state == "done" and not run.check and not run.resumes]
    return [phases_of([run.events], header.phases) for run in whole[:MOST_RUNS]]


def clock_of(header: Header, request: Request, order: list[str]) -> Clock | None:
    """Return the clock of the recovery time, or nothing where the header names none or its target is not given."""
    names = header.rto_clock
    if not names:
        return None
    target = request.inputs.get(names["target"], header.inputs[names["target"]].get("default"))
    until = names.get("until")
    if target is None:
        return None
    reached = order.index(until) if until else len(order)
    last = sum(order.index(phase["begins"]) <= reached for phase in header.phases) - 1
    return Clock(began(request, names["from"]), timedelta(seconds=float(target)), last, until)


def began(request: Request, name: str) -> datetime:
    """Return when the clock began: at the time that the input gives, else with the first run of this recovery."""
    given = str(request.inputs.get(name) or "")
    if not given and request.resumes:
        first = load(request.resumes)
        given = str((first.events[0] if first.events else {}).get("window_started") or first.started or "")
    try:
        moment = datetime.fromisoformat(given) if given else datetime.now(UTC)
    except ValueError as error:
        raise UsageError(f"{name} is '{given}', and no time. Write it as 2026-11-01T05:40:00Z.") from error
    if moment.tzinfo is None:
        raise UsageError(f"{name} names no time zone. Write it as {given}Z, or with an offset.")
    return moment.astimezone(UTC)
