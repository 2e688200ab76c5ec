# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a recovery took and how much it lost, against what was promised."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

FORM = "hasivu-objectives/1"
OBJECTIVES = "objectives.json"
IN_WORDS = {True: "met", False: "missed", None: "unknown"}
SAID = {"rto": "Service was good again after", "rpo": "Lost writes span"}
SAID_OF_DRILL = {"rto": "A verified copy stood ready after", "rpo": "Lost writes would span"}


def instant(text: str) -> datetime:
    """Read a time as RFC 3339 writes it.

    Raises:
        ValueError: It is none, or it names no zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return moment.astimezone(UTC)


def written(moment: datetime) -> str:
    """Write a time as RFC 3339 in UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def seconds_between(start: str | None, end: str | None) -> float | None:
    """Return the seconds from one moment to a later one, 0 when it is not later, or nothing when one is not known."""
    if not start or not end:
        return None
    return round(max(0.0, (instant(end) - instant(start)).total_seconds()), 6)


def met(measured: float | None, target: float | None) -> bool | None:
    """Tell whether a target was met; what was not measured is not known to be."""
    return None if measured is None or target is None else measured <= target


def objectives(begun: dict[str, Any], restored_at: str | None, written_rows: dict[str, Any]) -> dict[str, Any]:
    """Return RTO and RPO of a recovery with their targets.

    Args:
        begun: `t0` and `targets`, and whatever names the run.
        restored_at: When service was good again, for good.
        written_rows: `last_committed` and `newest_recovered`, each with `at` and `origin`.
    """
    committed, recovered = written_rows["last_committed"], written_rows["newest_recovered"]
    rto = seconds_between(begun["t0"], restored_at)
    rpo = seconds_between(recovered.get("at"), committed.get("at"))
    targets = begun["targets"]
    return {
        "form": FORM,
        **begun,
        **written_rows,
        "restored_at": restored_at,
        "rto_s": rto,
        "rpo_s": rpo,
        "met": {"rto": met(rto, targets["rto_s"]), "rpo": met(rpo, targets["rpo_s"])},
    }


def sentence(measured: dict[str, Any]) -> str:
    """Return both measures in words."""
    return f"{part(measured, 'rto')} {part(measured, 'rpo')}"


def part(measured: dict[str, Any], name: str) -> str:
    """Return one measure in words; a drill brings no service back."""
    words = (SAID_OF_DRILL if measured.get("drill") else SAID)[name]
    value, target = measured[f"{name}_s"], measured["targets"][f"{name}_s"]
    amount = "an unknown time" if value is None else f"{value:.1f} s"
    return f"{words} {amount}; the target of {target:g} s is {IN_WORDS[measured['met'][name]]}."


def findings(measured: dict[str, Any]) -> list[dict[str, str]]:
    """Return a finding for each target that was missed, or of which that is not known."""
    return [
        finding(
            what=part(measured, name),
            where=str(measured.get("run") or measured.get("procedure") or "this recovery"),
            why="What was promised was not kept."
            if measured["met"][name] is False
            else "What is not known may be anything.",
            do="Tell the owners of what was late or lost; see in the phases of objectives.json what took longest.",
            severity="high",
            key=f"{name}-missed" if measured["met"][name] is False else f"{name}-unknown",
        )
        for name in SAID
        if measured["met"][name] is not True
    ]
