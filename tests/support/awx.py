"""What AWX takes: the rule of a schedule, and the options of its modules.

The checks of a rule are those that `SchedulePreviewSerializer.validate_rrule` in awx/api/serializers.py names, and
`Schedule.rrulestr` in awx/main/models/schedules.py, which hands the rule to dateutil.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import ansible_collections.awx.awx as awx
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from dateutil.rrule import rruleset, rrulestr

MODULES = Path(next(iter(awx.__path__))) / "plugins" / "modules"
LONGEST = 255  # a CharField in versions that are still in use


def rule_problems(rule: str) -> list[str]:
    """Return why AWX would refuse a rule."""
    starts = re.findall(r"DTSTART(?:;TZID=[^:]+)?:\d+T\d+Z?", rule)
    refused = {
        "it has no DTSTART, or more than one": len(starts) != 1,
        "its DTSTART names no zone": bool(re.search(r"DTSTART:\d+T\d+(?!\d*Z)\b", rule)),
        "it has no RRULE, or more than one": len(re.findall(r"RRULE:", rule)) != 1,
        "it holds EXDATE or RDATE": bool(re.search(r"EXDATE|RDATE", rule)),
        "it has no INTERVAL": "INTERVAL=" not in rule,
        "it counts seconds": "SECONDLY" in rule,
        "a weekday has a number": bool(re.search(r"BYDAY=[^;]*\d", rule)),
        "it has COUNT or UNTIL": bool(re.search(r"COUNT|UNTIL", rule)),
        "it is too long": len(rule) > LONGEST,
    }
    return [problem for problem, there in refused.items() if there]


def times_of(rule: str) -> rruleset:
    """Return the times of a rule as AWX computes them."""
    found = rrulestr(rule, forceset=True)
    assert isinstance(found, rruleset)
    return found


def option_problems(module: str, arguments: dict[str, Any]) -> list[str]:
    """Return what a module of awx.awx would refuse of its arguments."""
    kept = ("type", "elements", "choices", "required", "default", "aliases")
    options = documentation(module)["options"]
    specification = {name: {key: option[key] for key in kept if key in option} for name, option in options.items()}
    problems: list[str] = ArgumentSpecValidator(specification).validate(arguments).error_messages
    return problems


def documentation(module: str) -> dict[str, Any]:
    """Return what a module says of its options."""
    text = (MODULES / f"{module}.py").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(re.search(r"DOCUMENTATION = '''\n(.*?)'''", text, re.DOTALL)[1])  # type: ignore[index]
    return found


INSTALLED = importlib.util.find_spec("ansible_collections.awx.awx") is not None
