# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known when a run begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import Plan
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_report import age_findings, exclusion_row
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import Table
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_window import Window
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_report import snapshot_tables


@dataclass(frozen=True)
class Start:
    """The state before the first table."""

    started: float
    window: Window
    server: dict[str, Any]
    tables: list[Table]
    plan: Plan
    before: dict[str, Any]
    notes: list[str]

    @property
    def in_need(self) -> set[int]:
        """Identifiers of the tables in need."""
        return {job.table.oid for job in self.plan.jobs}

    def facts(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the part of the result that is known from the start."""
        ages = self.before["ages"]
        return {
            "excluded": [exclusion_row(exclusion) for exclusion in self.plan.excluded],
            "statistics_reliable": self.plan.statistics.reliable,
            "statistics_reasons": list(self.plan.statistics.reasons),
            "findings": age_findings(self.tables, ages, given["emergency_warn_age"], given["emergency_age"]),
            "before": {**self.before, "tables": snapshot_tables(self.tables, self.in_need)},
            "notes": self.notes,
        }
