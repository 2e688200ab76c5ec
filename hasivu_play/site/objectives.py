"""What recoveries and drills measured, over time and against what was promised."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import report_trend
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_history import read_objectives
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_objectives import OBJECTIVES

from hasivu_play.site.runs import Told

NAMES = {"rto": "RTO: time until service was good again", "rpo": "RPO: span of writes that were lost"}
Fields = dict[str, Any]


def measurements(runs: list[Told]) -> list[tuple[Told, Fields]]:
    """Return what verified runs measured, the newest first; a rehearsal and a way back measure nothing."""
    found = ((told, measured(told)) for told in runs if told.proves)
    return [(told, values) for told, values in found if values]


def measured(told: Told) -> Fields:
    """Return what a run measured, or nothing."""
    try:
        return dict(read_objectives(told.run.directory / OBJECTIVES))
    except (OSError, ValueError):
        return {}


def trends(found: list[tuple[Told, Fields]]) -> list[Fields]:
    """Return a chart for each measure in each environment where something was measured."""
    environments = sorted({told.run.environment for told, _values in found})
    return [
        trend(f"{title}, {environment}", name, [one for one in found if one[0].run.environment == environment])
        for environment in environments
        for name, title in NAMES.items()
    ]


def trend(title: str, name: str, found: list[tuple[Told, Fields]]) -> Fields:
    """Return one chart; its line is the newest target."""
    target = next((values["targets"][f"{name}_s"] for _told, values in found if values.get("targets")), None)
    points = [{"at": told.run.ended, "value": values[f"{name}_s"], "label": told.run.id} for told, values in found]
    chart: Fields = report_trend.layout({"title": title, "kind": "seconds", "target": target, "points": points})
    return chart


def durations(runs: list[Told]) -> list[Fields]:
    """Return a chart of how long a procedure took in each environment; rehearsals are another matter."""
    ended = [told for told in runs if told.ended and told.kind == "run" and told.run.state in ("done", "finding")]
    charts = []
    for environment in sorted({told.run.environment for told in ended}):
        points = [
            {"at": told.run.ended, "value": told.run.seconds, "label": told.run.id}
            for told in ended
            if told.run.environment == environment
        ]
        chart = {"title": f"How long it took in {environment}", "kind": "seconds", "target": None, "points": points}
        charts.append(report_trend.layout(chart))
    return charts
