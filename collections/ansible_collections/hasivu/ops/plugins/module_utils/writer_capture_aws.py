# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The writers of the database that AWS runs or starts, as they are; nothing of it is a secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.writer_aws import Functions, ask, pages
from ansible_collections.hasivu.ops.plugins.module_utils.writer_marks import (
    Marks,
    function_mark,
    function_of,
    target_of,
)

SERVICES = ("lambda", "events", "scheduler")

Captured = dict[str, dict[str, dict[str, Any]]]


def from_cloud(callers: dict[str, Any], marks: Marks, declared: dict[str, list[str]]) -> Captured:
    """Return the functions that write, and the mappings, rules and schedules that call them.

    Raises:
        WriterError: AWS refuses, or does not answer.
    """
    functions: dict[str, dict[str, Any]] = {}
    for found in pages(callers["lambda"], "list_functions", "Functions"):
        name = found["FunctionName"]
        listed = "declared in the inventory" if name in (declared.get("functions") or []) else ""
        why = function_mark(found, marks) or listed
        if why:
            functions[name] = {"value": Functions(callers["lambda"]).read(name), "why": why}
    mappings = {
        one["UUID"]: {
            "value": settled(one["State"]),
            "function": function_of(one["FunctionArn"]),
            "source": str(one.get("EventSourceArn", "")),
        }
        for one in pages(callers["lambda"], "list_event_source_mappings", "EventSourceMappings")
        if function_of(one["FunctionArn"]) in functions
    }
    queues = {one["source"]: one["function"] for one in mappings.values()}
    return {
        "functions": functions,
        "mappings": mappings,
        "rules": dict(rules(callers["events"], functions, queues)),
        "schedules": dict(schedules(callers["scheduler"], functions, queues)),
    }


def rules(caller: Any, functions: dict[str, Any], queues: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rules that call a writer, by bus and name."""
    for bus in pages(caller, "list_event_buses", "EventBuses"):
        for rule in pages(caller, "list_rules", "Rules", EventBusName=bus["Name"]):
            place = {"Rule": rule["Name"], "EventBusName": bus["Name"]}
            targets = pages(caller, "list_targets_by_rule", "Targets", **place)
            called = next(filter(None, (target_of(one, functions, queues) for one in targets)), "")
            if called:
                yield f"{bus['Name']}/{rule['Name']}", {"value": rule["State"], "function": called}


def schedules(caller: Any, functions: dict[str, Any], queues: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the schedules that call a writer, by group and name."""
    for listed in pages(caller, "list_schedules", "Schedules"):
        place = {"GroupName": listed["GroupName"], "Name": listed["Name"]}
        found = ask(caller.get_schedule, **place)
        called = target_of(found["Target"], functions, queues)
        if called:
            yield f"{listed['GroupName']}/{listed['Name']}", {"value": found["State"], "function": called}


def settled(state: str) -> str:
    """Return the state that a mapping is in or is about to reach."""
    return "Disabled" if state in ("Disabled", "Disabling", "Deleting") else "Enabled"
