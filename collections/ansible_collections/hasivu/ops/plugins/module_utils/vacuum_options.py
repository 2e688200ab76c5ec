# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options that say how tables are vacuumed, with their bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

VACUUM_OPTIONS: dict[str, dict[str, Any]] = {
    "parallel_per_table": {"type": "int", "default": 2, "minimum": 0, "maximum": 4},
    "lock_timeout_ms": {"type": "int", "default": 2000, "minimum": 100, "maximum": 10_000},
    "retry_pause_s": {"type": "int", "default": 5, "minimum": 0, "maximum": 60},
    "cost_delay_ms": {"type": "int", "default": 2, "minimum": 0, "maximum": 20},
    "cost_limit": {"type": "int", "default": 2000, "minimum": 100, "maximum": 10_000},
    "maintenance_work_mem_mb": {"type": "int", "default": 256, "minimum": 1, "maximum": 65_536},
    "buffer_usage_limit_mb": {"type": "int", "default": 16, "minimum": 1, "maximum": 1024},
    "max_replica_lag_s": {"type": "int", "default": 60, "minimum": 1, "maximum": 600},
    "watch_interval_s": {"type": "int", "default": 5, "minimum": 1, "maximum": 60},
    "limit_grace_s": {"type": "int", "default": 60, "minimum": 1, "maximum": 600},
    "stop_grace_s": {"type": "int", "default": 10, "minimum": 0, "maximum": 600},
    "resumed_application_name": {"type": "str"},
}


@dataclass(frozen=True)
class Manner:
    """How a run treats its tables; the names are those of the options."""

    parallel_per_table: int = 2
    lock_timeout_ms: int = 2000
    retry_pause_s: int = 5
    cost_delay_ms: int = 2
    cost_limit: int = 2000
    maintenance_work_mem_mb: int = 256
    buffer_usage_limit_mb: int = 16
    max_replica_lag_s: int = 60
    watch_interval_s: int = 5
    limit_grace_s: int = 60
    stop_grace_s: int = 10
    per_table_cap_min: int = 20
    freeze_fraction: float = 0.75
    progress_file: str | None = None
    stop_file: str | None = None


def manner(given: dict[str, Any]) -> Manner:
    """Pick out of a module's parameters how it treats its tables."""
    return Manner(**{name: given[name] for name in Manner.__dataclass_fields__})
