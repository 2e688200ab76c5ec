# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a plan allows a run: everything that speaks against it, from its approvals to the world."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import plan_comparison, signature
from ansible_collections.hasivu.ops.plugins.module_utils.plan_approvals import Approval, approvals_of, runner_of
from ansible_collections.hasivu.ops.plugins.module_utils.plan_document import Plan
from ansible_collections.hasivu.ops.plugins.module_utils.plan_evidence import kept_plan
from ansible_collections.hasivu.ops.plugins.module_utils.plan_rehearsal import (
    Past,
    past_runs,
    reality_problems,
    used_before,
)
from ansible_collections.hasivu.ops.plugins.module_utils.record_run import BACK, first_line
from ansible_collections.hasivu.ops.plugins.module_utils.record_signers import keys_in
from ansible_collections.hasivu.ops.plugins.module_utils.record_verification import JudgeKey

PERSONS = {1: "another person", 2: "two other persons"}


@dataclass(frozen=True)
class Situation:
    """The run that a plan is to allow, and where it is."""

    procedure: str
    environment: str
    inputs: dict[str, Any]
    run: dict[str, Any]
    signers: Path
    operators: dict[str, str]
    project: Path
    wanted: int
    hours: int
    minutes: int
    rehearsing: bool

    @property
    def directory(self) -> Path:
        """Return the folder of the run's record."""
        return Path(self.run["directory"])


@dataclass
class Judgement:
    """What was found of a plan."""

    plan: Plan
    approvals: list[Approval] = field(default_factory=list)
    rehearsal: str = ""
    objections: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """Return what the record keeps of it."""
        people = [{"principal": one.principal, "fingerprint": one.fingerprint} for one in self.approvals]
        return {"plan_digest": self.plan.digest, "approvals": people, "rehearsal": self.rehearsal}


def judge(plan: Plan, situation: Situation) -> Judgement:
    """Return who approved a plan, and everything that speaks against running by it."""
    judged = Judgement(plan)
    begun = first_line(situation.directory)
    name = situation.directory.name
    pasts = list(past_runs(situation.directory.parent, situation.procedure, situation.environment, name, plan.made))
    before = allowed_before(plan, situation, pasts)
    now = datetime.now(UTC)
    judge_approvals(judged, situation, begun, before.get("at") or now.isoformat())
    judge_sources(judged, situation, begun)
    if not before:
        judge_age(judged, situation, now)
    if not (before or judged.objections or situation.rehearsing):
        judge_world(judged, situation, pasts, key_judge(situation.signers, begun.get("signing_key")))
    return judged


def allowed_before(plan: Plan, situation: Situation, pasts: list[Past]) -> dict[str, Any]:
    """Return the first line of the run that this one goes on with or back from, when this very plan allowed that run.

    A plan whose run has come to its end allows the way back, and nothing forward any more.
    """
    resumed = situation.run.get("resumes")
    if not resumed:
        return {}
    folder = situation.directory.parent / str(resumed)
    kept = kept_plan(folder)
    over = any(past.fields.get("plan") == plan.digest and past.came_to_its_end() for past in pasts)
    if kept is None or kept.digest != plan.digest or (over and situation.run.get("direction") != BACK):
        return {}
    return first_line(folder)


def judge_approvals(judged: Judgement, situation: Situation, begun: dict[str, Any], moment: str) -> None:
    """Count the persons who approved, when any are wanted; why others do not count is said where they are missed."""
    runner, unknown = runner_of(begun.get("who") or {}, situation.operators)
    found = approvals_of(judged.plan, situation.signers, moment, runner)
    judged.approvals = found.counted
    if not situation.wanted:
        return
    if unknown:
        judged.objections.append(unknown)
    if len(found.counted) < situation.wanted:
        count = f"The plan needs the approval of {PERSONS[situation.wanted]}, and has {len(found.counted)}."
        judged.objections += [count, *found.refused]


def judge_sources(judged: Judgement, situation: Situation, begun: dict[str, Any]) -> None:
    """Compare procedure, environment, inputs and everything that runs with the plan."""
    fields = judged.plan.fields
    now = {"procedure": situation.procedure, "environment": situation.environment}
    other = plan_comparison.name_differences(fields, now)
    judged.objections += other or [
        *plan_comparison.stray_variables(begun.get("other_variables") or []),
        *plan_comparison.input_differences(fields["inputs"], situation.inputs),
        *plan_comparison.source_differences(fields, begun.get("digests") or {}, situation.project),
    ]


def judge_age(judged: Judgement, situation: Situation, now: datetime) -> None:
    """Refuse a plan that has expired, by its own word or by the policy of today."""
    plan = judged.plan
    expires = min(plan.expires, plan.made + timedelta(hours=situation.hours))
    if now >= expires:
        judged.objections.append(f"The plan expired at {expires:%Y-%m-%d %H:%M} UTC. Make a new one.")
    if plan.made > now + timedelta(minutes=situation.minutes):
        judged.objections.append(f"The plan was made at {plan.made:%Y-%m-%d %H:%M} UTC, which is yet to come.")


def judge_world(judged: Judgement, situation: Situation, pasts: list[Past], judge_key: JudgeKey) -> None:
    """Refuse a plan that was used, or whose changes are not those that a rehearsal just found."""
    if used := used_before(judged.plan, pasts):
        judged.objections.append(used)
        return
    now = datetime.now(UTC)
    judged.rehearsal, problems = reality_problems(judged.plan, pasts, now, situation.minutes, judge_key)
    judged.objections += problems


def key_judge(signers: Path, own: str | None) -> JudgeKey:
    """Return what judges the key of a rehearsal's seal: it is that of this run's own, or may sign records here."""
    known: set[str] = set()
    with suppress(OSError, ValueError, NotImplementedError):
        known |= keys_in(signers, None)
    with suppress(signature.SigningKeyError):
        known |= {signature.public_key(signature.load_key(own)).split()[1]} if own else set()

    def judge_key(key: str) -> list[str]:
        return [] if key.split()[1] in known else [f"nobody here knows its key {signature.fingerprint(key)}."]

    return judge_key
