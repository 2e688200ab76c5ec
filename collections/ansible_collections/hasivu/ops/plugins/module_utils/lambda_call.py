# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way of our modules to Lambda: conflicts are read again, waits have an end, and errors are sentences."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import error_code

Answer = TypeVar("Answer")

CONFLICTS = ("PreconditionFailedException", "ResourceConflictException")
TRIES = 3
LOOK_SECONDS = 0.5
LATEST = "$LATEST"

FUNCTION_OPTIONS: dict[str, dict[str, Any]] = {
    "function": {"type": "str", "required": True},
    "patience_seconds": {"type": "int", "default": 300},
}


class NotFoundError(Exception):
    """Raised when there is no such function, version or alias."""


class UpdateFailedError(Exception):
    """Raised when AWS could not bring a function or a version into service."""


def give_up(module: AnsibleModule, doing: str, error: Exception, **more: Any) -> NoReturn:
    """Fail with what was being done and what AWS said; a run that met a conflict or a pause can be resumed."""
    code = error_code(error)
    if isinstance(error, NotFoundError):
        module.fail_json(msg=f"{error} Check its name and the inventory.", stop="refused", **more)
    if isinstance(error, UpdateFailedError | TimeoutError):
        module.fail_json(msg=f"{error} Look at the function, then resume the run.", stop="resumable", **more)
    again = " Somebody else changes it too; resume the run when they are done." if code in CONFLICTS else ""
    module.fail_json(
        msg=f"{doing} failed: {error}.{again or ' Mend the cause, then resume the run.'}",
        stop="resumable",
        error_code=code,
        **more,
    )


def read_configuration(caller: Any, function: str, qualifier: str | None = None) -> dict[str, Any]:
    """Return the whole configuration of $LATEST, a version or an alias.

    Raises:
        NotFoundError: There is none.
    """
    asked = {"FunctionName": function, **({"Qualifier": qualifier} if qualifier else {})}
    try:
        answer: dict[str, Any] = caller.get_function_configuration(**asked)
    except caller.exceptions.ResourceNotFoundException as error:
        what = f"version or alias {qualifier} of {function}" if qualifier else f"function {function}"
        raise NotFoundError(f"There is no {what}.") from error
    return answer


def read_alias(caller: Any, function: str, alias: str) -> dict[str, Any]:
    """Return an alias.

    Raises:
        NotFoundError: There is none.
    """
    try:
        answer: dict[str, Any] = caller.get_alias(FunctionName=function, Name=alias)
    except caller.exceptions.ResourceNotFoundException as error:
        raise NotFoundError(
            f"{function} has no alias {alias}, so calls cannot be moved from version to version."
        ) from error
    return answer


def wait_until_quiet(caller: Any, function: str, seconds: float, qualifier: str | None = None) -> dict[str, Any]:
    """Return the configuration as soon as no update is in progress, whatever came of the last one.

    Raises:
        TimeoutError: The update did not end in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = read_configuration(caller, function, qualifier)
        if found.get("LastUpdateStatus") != "InProgress" and found.get("State") != "Pending":
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"The update of {function} is still in progress after {seconds:.0f} s.")
        time.sleep(LOOK_SECONDS)


def wait_until_updated(caller: Any, function: str, seconds: float, qualifier: str | None = None) -> dict[str, Any]:
    """Return the configuration as soon as no update is in progress and the function is in service.

    Raises:
        UpdateFailedError: AWS gave the update up.
        TimeoutError: The update did not end in time.
    """
    found = wait_until_quiet(caller, function, seconds, qualifier)
    if "Failed" in (found.get("LastUpdateStatus"), found.get("State")):
        name = f"{function}:{qualifier}" if qualifier else function
        reason = found.get("LastUpdateStatusReason") or found.get("StateReason") or "no reason given"
        raise UpdateFailedError(f"The update of {name} failed: {reason}.")
    return found


def with_fresh_eyes(attempt: Callable[[], Answer]) -> Answer:
    """Return what an attempt returns; one that met another's change reads and plans again, three times at most."""
    for number in range(1, TRIES + 1):
        try:
            return attempt()
        except Exception as error:
            if error_code(error) not in CONFLICTS or number == TRIES:
                raise
    raise AssertionError("the last try returns or raises")
