# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a report is made of: the options of `run_report`, checked before anything is drawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import SEVERITIES
from ansible_collections.hasivu.ops.plugins.module_utils.report_values import KINDS, NUMERIC

OUTCOMES = ("done", "finding", "refused", "resumable", "decision", "locked", "budget", "bad_input")
MOST_SERIES = 4


def text(required: bool = False, **more: Any) -> dict[str, Any]:
    """Return the specification of a string."""
    return {"type": "str", **({"required": True} if required else {}), **more}


def items(options: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the specification of a list of mappings."""
    return {"type": "list", "elements": "dict", "options": options, **more}


KIND = text(choices=list(KINDS), default="text")
FACT = {"name": text(required=True), "value": {"type": "raw"}, "kind": KIND}
FINDING = {
    **{name: text(required=True) for name in ("what", "where", "why", "do")},
    "severity": text(choices=list(SEVERITIES), default="advice"),
    "key": text(),
    "control": text(),
    "deadline": text(),
    "part": text(),
}
TABLE = {
    "caption": text(required=True),
    "columns": items({"key": text(required=True), "label": text(required=True), "kind": KIND}, required=True),
    "rows": {"type": "list", "elements": "dict", "required": True},
}
BARS = {"label": text(required=True), "values": {"type": "list", "elements": "float", "required": True}}
CHART = {
    "title": text(required=True),
    "series": {"type": "list", "elements": "str", "required": True},
    "kind": text(choices=list(NUMERIC), default="number"),
    "rows": items(BARS, required=True),
}
POINT = {"at": text(required=True), "label": text(required=True), "value": {"type": "float"}}
TREND = {
    "title": text(required=True),
    "kind": text(choices=list(NUMERIC), default="number"),
    "target": {"type": "float"},
    "points": items(POINT, required=True),
}
SECTION = {
    "title": text(required=True),
    "text": text(),
    "facts": items(FACT),
    "findings": items(FINDING),
    "table": {"type": "dict", "options": TABLE},
    "chart": {"type": "dict", "options": CHART},
    "trend": {"type": "dict", "options": TREND},
}
REPORT_OPTIONS: dict[str, dict[str, Any]] = {
    "directory": {"type": "path", "required": True},
    "title": text(required=True),
    "outcome": text(choices=list(OUTCOMES), default="done"),
    "verdict": text(default=""),
    "facts": items(FACT, default=[]),
    "findings": items(FINDING, default=[]),
    "sections": items(SECTION, default=[]),
    "data": {"type": "dict", "default": {}},
}


def misdrawn(chart: dict[str, Any]) -> str | None:
    """Return why a chart cannot be drawn as it is described, or nothing."""
    wanted = len(chart["series"])
    if not 1 <= wanted <= MOST_SERIES:
        return f"The chart {chart['title']} needs one to four series."
    wrong = [row["label"] for row in chart["rows"] if len(row["values"]) != wanted]
    return f"The chart {chart['title']} needs {wanted} values for {wrong[0]}." if wrong else None


def misdated(trend: dict[str, Any]) -> str | None:
    """Return why a trend cannot be drawn as it is described, or nothing."""
    for point in trend["points"]:
        try:
            zoned = datetime.fromisoformat(point["at"]).tzinfo is not None
        except ValueError:
            zoned = False
        if not zoned:
            return f"The trend {trend['title']} needs a time with its zone for {point['label']}."
    return None
