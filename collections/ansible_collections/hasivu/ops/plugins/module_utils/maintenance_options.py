# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options that choose tables for maintenance, with their bounds, and what they mean."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.inputs import BOUNDS, InputError, validate
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_need import Thresholds
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import Wishes
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_window import Window, open_window

CHOICE_OPTIONS: dict[str, dict[str, Any]] = {
    "dead_min": {"type": "int", "default": 10_000, "minimum": 0},
    "dead_fraction": {"type": "float", "default": 0.05, "minimum": 0.005, "maximum": 0.5},
    "analyze_fraction": {"type": "float", "default": 0.05, "minimum": 0.01, "maximum": 0.5},
    "freeze_fraction": {"type": "float", "default": 0.75, "minimum": 0.3, "maximum": 1.0},
    "emergency_warn_age": {"type": "int", "default": 500_000_000, "minimum": 1},
    "emergency_age": {"type": "int", "default": 1_000_000_000, "minimum": 1},
    "recent_hours": {"type": "int", "default": 6, "minimum": 0},
    "include": {"type": "list", "elements": "str", "default": []},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "jobs": {"type": "int", "default": 2, "minimum": 1, "maximum": 4},
    "budget_min": {"type": "int", "default": 45, "minimum": 5, "maximum": 120},
    "per_table_cap_min": {"type": "int", "default": 20, "minimum": 1, "maximum": 60},
    "window_started": {"type": "str"},
    "deadline": {"type": "str"},
    "hard_stop": {"type": "str"},
    "timezone": {"type": "str", "default": "Asia/Kolkata"},
    "previous_tables": {"type": "list", "elements": "dict", "default": []},
}


def argument_spec(*groups: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return options as Ansible takes them, without the bounds that it does not know."""
    return {
        name: {key: value for key, value in option.items() if key not in BOUNDS}
        for group in groups
        for name, option in group.items()
    }


def check_bounds(module: AnsibleModule, *groups: dict[str, dict[str, Any]]) -> None:
    """Fail the module when an option is out of its bounds."""
    options = {name: option for group in groups for name, option in group.items()}
    try:
        validate(options, {name: module.params[name] for name in options})
    except InputError as error:
        module.fail_json(msg=str(error), stop="bad_input")


def window(module: AnsibleModule) -> Window:
    """Return the time that the run has, or fail the module when it is badly written."""
    given = module.params
    try:
        return open_window(
            given["window_started"], given["budget_min"], given["deadline"], given["hard_stop"], given["timezone"]
        )
    except (ValueError, KeyError) as error:
        module.fail_json(
            msg=f"The window cannot be read: {error}. Give instants as RFC 3339, hard_stop as HH:MM, and a zone such as"
            " Asia/Kolkata.",
            stop="bad_input",
        )


def wishes(given: dict[str, Any], seconds: float) -> Wishes:
    """Return what the options ask for."""
    return Wishes(
        thresholds=Thresholds(
            given["dead_min"],
            given["dead_fraction"],
            given["analyze_fraction"],
            given["freeze_fraction"],
            given["emergency_age"],
            given["recent_hours"],
        ),
        include=given["include"],
        exclude=given["exclude"],
        jobs=given["jobs"],
        seconds=seconds,
        cap_seconds=given["per_table_cap_min"] * 60,
        previous=given["previous_tables"],
    )
