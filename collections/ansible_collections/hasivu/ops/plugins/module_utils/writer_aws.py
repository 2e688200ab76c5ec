# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writers that AWS runs or starts: functions, event source mappings, rules and schedules, each with one setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.aws import error_code

# UpdateSchedule replaces the whole schedule: what is not sent goes back to its default.
SCHEDULE = (
    "Name",
    "GroupName",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "EndDate",
    "Description",
    "KmsKeyArn",
    "Target",
    "FlexibleTimeWindow",
    "ActionAfterCompletion",
)
RULE = ("Name", "EventBusName", "ScheduleExpression", "EventPattern", "Description", "RoleArn")
BUSY = ("ResourceInUseException", "ResourceConflictException", "ConflictException")
NOT_FOUND = "ResourceNotFoundException"


class WriterError(Exception):
    """Raised when a writer cannot be read or set; its text says why."""


class GoneError(WriterError):
    """Raised when a writer does not exist any more."""


class BusyError(WriterError):
    """Raised when something else changes a writer at the moment."""


def ask(operation: Callable[..., Any], **parameters: Any) -> dict[str, Any]:
    """Call AWS.

    Raises:
        GoneError: What is meant does not exist.
        BusyError: It is being changed.
        WriterError: AWS refuses, or does not answer.
    """
    try:
        answer: dict[str, Any] = operation(**parameters)
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        code = error_code(error)
        kinds = {NOT_FOUND: GoneError, **dict.fromkeys(BUSY, BusyError)}
        raise kinds.get(code, WriterError)(f"{operation.__name__}: {error}") from error
    return answer


def pages(caller: Any, operation: str, key: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """Yield the entries of all pages of a list.

    Raises:
        WriterError: AWS refuses, or does not answer.
    """
    token: dict[str, Any] = {}
    while True:
        page = ask(getattr(caller, operation), **parameters, **token)
        yield from page.get(key, [])
        following = {name: page[answered] for answered, name in NEXT if page.get(answered)}
        if not following or following == token:
            return
        token = following


NEXT = (("NextToken", "NextToken"), ("NextMarker", "Marker"))


class Switch:
    """What has one setting, and does nothing more once it is set."""

    def __init__(self, caller: Any) -> None:
        """Work with a client of the service."""
        self._caller = caller

    def unsettled(self, name: str) -> str:
        """Return what one still does, or nothing."""
        return ""

    def problem(self, name: str) -> str:
        """Return why one will not settle by itself, or nothing."""
        return ""

    def author(self, name: str) -> str:
        """Return who changed one last; AWS tells that in CloudTrail only."""
        return "somebody"


class Schedules(Switch):
    """Schedules of EventBridge Scheduler, named `group/name`; each is enabled or not."""

    def read(self, name: str) -> str:
        """Return the state of one."""
        return str(self._get(name)["State"])

    def write(self, name: str, value: Any) -> None:
        """Set the state of one, and keep everything else of it."""
        found = self._get(name)
        kept = {field: found[field] for field in SCHEDULE if found.get(field)}
        ask(self._caller.update_schedule, **kept, State=value)

    def call(self, name: str, value: Any) -> str:
        """Say which call sets one."""
        return f"scheduler:UpdateSchedule {name} State={value}"

    def _get(self, name: str) -> dict[str, Any]:
        group, _, own = name.partition("/")
        return ask(self._caller.get_schedule, GroupName=group, Name=own)


class Rules(Switch):
    """Rules of EventBridge, named `bus/name`; each is enabled or not."""

    def read(self, name: str) -> str:
        """Return the state of one."""
        return str(ask(self._caller.describe_rule, **place(name))["State"])

    def write(self, name: str, value: Any) -> None:
        """Enable or disable one; the third state, with events of reading calls, needs the whole rule."""
        operations = {"DISABLED": self._caller.disable_rule, "ENABLED": self._caller.enable_rule}
        if value in operations:
            ask(operations[value], **place(name))
            return
        found = ask(self._caller.describe_rule, **place(name))
        kept = {field: found[field] for field in RULE if found.get(field)}
        ask(self._caller.put_rule, **kept, State=value)

    def call(self, name: str, value: Any) -> str:
        """Say which call sets one."""
        operation = {"DISABLED": "DisableRule", "ENABLED": "EnableRule"}.get(str(value), f"PutRule State={value}")
        return f"events:{operation} {name}"


def place(name: str) -> dict[str, str]:
    """Return bus and name of a rule; the name of a bus may hold slashes."""
    bus, _, own = name.rpartition("/")
    return {"EventBusName": bus, "Name": own}


class Mappings(Switch):
    """Event source mappings of Lambda, by their UUID; each is enabled or not, and takes its time to change."""

    def read(self, name: str) -> str:
        """Return the state of one."""
        return str(ask(self._caller.get_event_source_mapping, UUID=name)["State"])

    def write(self, name: str, value: Any) -> None:
        """Enable or disable one."""
        ask(self._caller.update_event_source_mapping, UUID=name, Enabled=value == "Enabled")

    def call(self, name: str, value: Any) -> str:
        """Say which call sets one."""
        return f"lambda:UpdateEventSourceMapping {name} Enabled={value == 'Enabled'}"


class Functions(Switch):
    """Functions of Lambda, by their name; each has a reserved concurrency or none."""

    def read(self, name: str) -> int | None:
        """Return the reserved concurrency of one, or nothing where it has none."""
        found: int | None = ask(self._caller.get_function_concurrency, FunctionName=name).get(
            "ReservedConcurrentExecutions"
        )
        return found

    def write(self, name: str, value: Any) -> None:
        """Set the reserved concurrency of one, or take it away."""
        if value is None:
            ask(self._caller.delete_function_concurrency, FunctionName=name)
        else:
            ask(self._caller.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=value)

    def call(self, name: str, value: Any) -> str:
        """Say which call sets one."""
        if value is None:
            return f"lambda:DeleteFunctionConcurrency {name}"
        return f"lambda:PutFunctionConcurrency {name} ReservedConcurrentExecutions={value}"

    def unreserved(self) -> int:
        """Return the concurrency of the account that no function has reserved."""
        return int(ask(self._caller.get_account_settings)["AccountLimit"]["UnreservedConcurrentExecutions"])
