# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Renders a report as one page that needs nothing from anywhere else."""

from __future__ import annotations

import traceback
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import report_chart, report_trend
from ansible_collections.hasivu.ops.plugins.module_utils.report_template import PAGE, STYLE
from ansible_collections.hasivu.ops.plugins.module_utils.report_values import NUMERIC, shown

try:
    import jinja2
except ImportError:
    JINJA2_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    JINJA2_IMPORT_ERROR = None

GOOD = ("done", "ok", "dropped", "rebuilt", "cancelled", "terminated")
BAD = ("failed", "ineffective", "not_permitted", "critical", "high", "finding", "not_ended")


def render(report: dict[str, Any]) -> str:
    """Return the page. Every value is escaped, for names in a database are anybody's to choose."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters.update(shown=shown, tone=tone)
    page = environment.from_string(PAGE)
    sections = [drawn(section) for section in report["sections"]]
    return page.render(report={**report, "sections": sections}, style=STYLE, numeric=NUMERIC)


def drawn(section: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the page with the places of what is drawn in it."""
    chart, trend = section["chart"], section["trend"]
    return {**section, "chart": chart and report_chart.layout(chart), "trend": trend and report_trend.layout(trend)}


def tone(word: Any) -> str:
    """Return the colour of an outcome or a severity; its word always stands beside it."""
    if word in GOOD:
        return "good"
    if word in BAD:
        return "bad"
    return "" if word in ("advice", "low", "none", "planned", "report") else "warn"
