# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a recovery is measured by: the options of `recovery_measure`."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS

SECONDS = {"sustained_seconds": 600, "sample_seconds": 5, "budget_seconds": 1800}
OPTIONS: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["begun", "measured"], "default": "measured"},
    "directory": {"type": "path", "required": True},
    "t0": {"type": "str", "required": True},
    "rto_target_s": {"type": "float", "required": True},
    "rpo_target_s": {"type": "float", "required": True},
    **{name: {"type": "str"} for name in ("url", "metrics_url", "restored_at")},
    **{name: {"type": "float", "default": seconds} for name, seconds in SECONDS.items()},
    "most_share": {"type": "float", "default": 0.01},
    **{name: {"type": "dict", "default": {}} for name in ("about", "last_committed", "newest_recovered")},
    "phases": {"type": "list", "elements": "dict", "default": []},
    **RUN_OPTIONS,
}
