# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of a step's result stands in the record, and how much of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.record_line import encode
from ansible_collections.hasivu.ops.plugins.module_utils.record_secrets import Masker

LONGEST = 64 * 1024
BEGINNING = 2048

STANDS_ELSEWHERE = frozenset(
    {"censored", "changed", "deprecations", "diff", "exception", "failed", "invocation", "item", "msg", "not_predicted",
     "planned", "request_ids", "results", "skipped", "stderr_lines", "stdout_lines", "stop", "unreachable", "warnings"}
)  # fmt: skip


def describe(result: Mapping[str, Any], masker: Masker) -> dict[str, Any]:
    """Return the fields of a finished step that come from its result; secrets go before anything is cut short."""
    warnings = [text_of_warning(warning) for warning in result.get("warnings") or []]
    result = masker.mask(result)
    fields = {
        "message": message_of(result),
        "stop": stop_of(result),
        "request_ids": result.get("request_ids"),
        "diff": bounded(result.get("diff")),
        "planned": bounded(result.get("planned")),
        "not_predicted": result.get("not_predicted"),
        "warnings": warnings,
        "items": count_items(result),
        "result": bounded(selected(result)),
    }
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def selected(result: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what no other field says, and nothing that is Ansible's own affair."""
    return {
        name: value
        for name, value in result.items()
        if name not in STANDS_ELSEWHERE and not name.startswith("_ansible")
    }


def bounded(value: Any) -> Any:
    """Return a value, or of one that is too long its digest and its beginning."""
    if not value:
        return value
    whole = encode(value)
    if len(whole) <= LONGEST:
        return value
    return {
        "truncated": f"{len(whole)} bytes are more than the {LONGEST} that a record keeps of one value",
        "sha256": hashlib.sha256(whole).hexdigest(),
        "beginning": whole[:BEGINNING].decode("utf-8", "replace"),
    }


def message_of(result: Mapping[str, Any]) -> str:
    """Return what the step said; of a loop, what its first failed item said."""
    failed = first_failed_item(result)
    return text_of((failed or result).get("msg") or result.get("censored"))


def stop_of(result: Mapping[str, Any]) -> str | None:
    """Return the class of failure that the step named, if it named one."""
    return result.get("stop") or first_failed_item(result).get("stop")


def first_failed_item(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the result of the first item of a loop that failed, or an empty one."""
    return next((item for item in items_of(result) if item.get("failed")), {})


def count_items(result: Mapping[str, Any]) -> dict[str, int]:
    """Count the items of a loop by their outcome."""
    counts: dict[str, int] = {}
    for item in items_of(result):
        outcome = outcome_of(item)
        counts[outcome] = counts.get(outcome, 0) + 1
    return counts


def items_of(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the results of a loop's items."""
    items = result.get("results")
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def outcome_of(result: Mapping[str, Any]) -> str:
    """Tell how one item of a loop ended."""
    for outcome in ("unreachable", "failed", "skipped", "changed"):
        if result.get(outcome):
            return outcome
    return "ok"


def text_of(message: Any) -> str:
    """Return a message as one text; a list of sentences is joined."""
    if isinstance(message, list):
        return "\n".join(map(str, message))
    return "" if message is None else str(message)


def text_of_warning(warning: Any) -> str:
    """Return the words of a warning, which Ansible hands over as text or as an event with a message."""
    event = getattr(warning, "event", None)
    return str(getattr(event, "msg", None) or warning)
