"""CloudWatch Logs: FilterLogEvents matches terms, phrases, exclusions and alternatives as AWS does, and pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch_logs

from hasivu_play.sandbox.aws.mends.metrics import unimplemented

TERM = re.compile(r'(?P<sign>[-?]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|(?P<word>\S+))')
MOST_EVENTS = 10_000

Event = dict[str, Any]


def apply() -> None:
    """Replace FilterLogEvents."""
    cloudwatch_logs._filter_log_events = filter_log_events


def filter_log_events(sent: dict[str, Any]) -> Any:
    """Answer FilterLogEvents."""
    group = cloudwatch_logs._resolve_log_group_name(sent)
    pattern = sent.get("filterPattern", "").strip()
    if group not in cloudwatch_logs._log_groups:
        message = "The specified log group does not exist."
        return error_response_json("ResourceNotFoundException", message, 400)
    if pattern.startswith(("{", "[", "%")):
        return unimplemented("FilterLogEvents with a JSON, delimited or regular expression pattern")
    matches = matcher(pattern)
    events = [event for event in selected(group, sent) if matches(event["message"])]
    return page(events, sent)


def page(events: list[Event], sent: dict[str, Any]) -> Any:
    """Return one page of events, with a token when more follow."""
    start = int(sent.get("nextToken", "0"))
    end = start + min(sent.get("limit", MOST_EVENTS), MOST_EVENTS)
    answer: dict[str, Any] = {"events": events[start:end], "searchedLogStreams": []}
    if end < len(events):
        answer["nextToken"] = str(end)
    return json_response(answer)


def selected(group: str, sent: dict[str, Any]) -> Iterable[Event]:
    """Return the events of the chosen streams and times, oldest first."""
    streams = cloudwatch_logs._log_groups[group]["streams"]
    wanted = sent.get("logStreamNames")
    prefix = sent.get("logStreamNamePrefix", "")
    first, last = sent.get("startTime", 0), sent.get("endTime", float("inf"))
    events = [
        {**event, "logStreamName": name}
        for name, stream in streams.items()
        if name.startswith(prefix) and (not wanted or name in wanted)
        for event in stream["events"]
        if first <= event["timestamp"] <= last
    ]
    return sorted(events, key=lambda event: event["timestamp"])


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return the test that a filter pattern of terms stands for; terms are case-sensitive."""
    terms: dict[str, list[str]] = {"": [], "-": [], "?": []}
    for term in TERM.finditer(pattern):
        terms[term["sign"]].append(unescaped(term))
    alternatives = terms["?"] if not terms[""] and not terms["-"] else []  # AWS ignores `?` next to other terms

    def matches(message: str) -> bool:
        return (
            all(term in message for term in terms[""])
            and not any(term in message for term in terms["-"])
            and (not alternatives or any(term in message for term in alternatives))
        )

    return matches


def unescaped(term: re.Match[str]) -> str:
    """Return the text that a term stands for."""
    return term["word"] if term["phrase"] is None else re.sub(r"\\(.)", r"\1", term["phrase"])
