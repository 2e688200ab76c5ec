"""The inputs that an operator gives on the command line, checked against the header before anything starts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hasivu_play.errors import UsageError


def parse_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """Return `KEY=VALUE` arguments as a mapping; the last of two for the same key holds."""
    given: dict[str, str] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"'{assignment}' is no input. Write it as KEY=VALUE, such as -e budget_min=30.")
        given[key.strip()] = value
    return given


def check_inputs(specification: dict[str, dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
    """Return the given inputs with their types, or say what is wrong with them; the play adds the defaults."""
    if not given and not any(option.get("required") for option in specification.values()):
        return {}
    from ansible_collections.hasivu.ops.plugins.module_utils.inputs import InputError, validate

    try:
        values = validate(specification, given)
    except InputError as error:
        raise UsageError(" ".join(error.sentences)) from error
    return {name: values[name] for name in given}
