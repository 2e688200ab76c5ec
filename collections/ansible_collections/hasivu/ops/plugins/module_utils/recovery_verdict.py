# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What earlier recoveries say of the objectives: what was measured last, when, and what is missing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.recovery_objectives import instant, met
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import ADVICE, finding

Finding = dict[str, str]
Entry = dict[str, Any]
MEASURES = {"rto": "the time to recover", "rpo": "the lost writes"}


def measured_by(tier: Entry, measurements: list[Entry]) -> list[Entry]:
    """Return the measurements that count for a tier, the oldest first."""
    return [entry for entry in measurements if entry["procedure"] in (tier.get("measured_by") or [])]


def tier_findings(tier: Entry, measurements: list[Entry], now: datetime, drill_days: int) -> list[Finding]:
    """Return what is missing or was missed in a tier."""
    own = measured_by(tier, measurements)
    if not own:
        return [never_measured(tier)]
    age = now - instant(own[-1]["at"])
    old = [too_old(tier, own[-1], age.days, drill_days)] if age > timedelta(days=drill_days) else []
    return old + [one for name in MEASURES for one in measure_findings(tier, name, own)]


def measure_findings(tier: Entry, name: str, own: list[Entry]) -> list[Finding]:
    """Return what the last two measurements say of one objective."""
    verdicts = [met(entry[f"{name}_s"], tier[f"{name}_s"]) for entry in own[-2:]]
    if verdicts[-1] is None:
        return [not_known(tier, name, own[-1])]
    if verdicts == [False, False]:
        return [missed(tier, name, own[-1], "in the last two drills", "high", f"{name}-missed-twice")]
    if verdicts[-1] is False:
        return [missed(tier, name, own[-1], "in the last drill", ADVICE, f"{name}-missed")]
    return []


def record_findings(history: Entry) -> list[Finding]:
    """Return what is wrong with the records themselves."""
    unverified = [unverifiable(entry) for entry in history["unverified"]]
    return unverified + [unmeasured(entry) for entry in history["unmeasured"]]


def gap(tier: Entry, last: Entry | None) -> str:
    """Say by how much the last measurement missed the objectives."""
    if last is None:
        return "never measured"
    over = []
    for name in MEASURES:
        value, target = last[f"{name}_s"], tier[f"{name}_s"]
        if value is None:
            over.append(f"{name.upper()} unknown")
        elif value > target:
            over.append(f"{name.upper()} {value - target:.0f} s over")
    return ", ".join(over) or "none"


def never_measured(tier: Entry) -> Finding:
    """Return the finding of an objective that nobody measured."""
    ways = " or ".join(tier.get("measured_by") or []) or "a drill that the tier names in `measured_by`"
    return finding(
        what=f"{tier['name']} was never measured on this machine.",
        where=tier["name"],
        why="An objective that nobody has measured is a hope.",
        do=f"Run {ways}, or copy the records of the machine that did into the folder of records.",
        severity="high",
        key="objective-never-measured",
    )


def too_old(tier: Entry, last: Entry, days: int, drill_days: int) -> Finding:
    """Return the finding of a measurement that is too old."""
    return finding(
        what=f"{tier['name']} was last measured {days} days ago, by {last['run']}.",
        where=tier["name"],
        why=f"What was possible more than {drill_days} days ago may not be so today.",
        do=f"Run {' or '.join(tier['measured_by'])}.",
        severity="high",
        key="drill-too-old",
    )


def not_known(tier: Entry, name: str, last: Entry) -> Finding:
    """Return the finding of a measurement that came to nothing."""
    return finding(
        what=f"{last['run']} could not measure {MEASURES[name]} of {tier['name']}.",
        where=tier["name"],
        why="What is not known may be anything.",
        do="See in its record why, mend that, and run the drill again.",
        severity="high",
        key=f"{name}-unknown",
    )


def missed(tier: Entry, name: str, last: Entry, when: str, severity: str, key: str) -> Finding:
    """Return the finding of an objective that was missed."""
    value, target = last[f"{name}_s"], tier[f"{name}_s"]
    return finding(
        what=f"{tier['name']} missed its {name.upper()} {when}: {value:.0f} s against {target:.0f} s in {last['run']}.",
        where=tier["name"],
        why=f"It says of {MEASURES[name]} what a real incident would.",
        do="See in the report which phase takes longest, and shorten that; or promise what can be kept.",
        severity=severity,
        key=key,
    )


def unverifiable(entry: Entry) -> Finding:
    """Return the finding of a record that does not verify."""
    return finding(
        what=f"The record of {entry['run']} does not verify: {' '.join(entry['problems'][:3])}",
        where=entry["run"],
        why="It was altered, or is not signed by a known key; what it measured is not counted.",
        do=f"Keep its folder as it is, and look with: hasivu-play runs verify {entry['run']}",
        severity="high",
        key="record-not-verified",
    )


def unmeasured(entry: Entry) -> Finding:
    """Return the finding of a recovery that ended without being measured."""
    return finding(
        what=f"{entry['run']} ended as {entry['state'].replace('_', ' ')} and measured nothing.",
        where=entry["run"],
        why="A recovery that does not reach its last step has no time to show.",
        do=f"See where it ended with: hasivu-play runs show {entry['run']}; then resume it, or run the drill again.",
        severity="medium",
        key="recovery-not-measured",
    )
