# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A rehearsal writes nothing: every client of this collection refuses to send what would change something.

The action that runs a module in Ansible's worker says there that the step is rehearsed. A module that forgets about
check mode then fails its step, instead of changing the world in a rehearsal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Operations of AWS whose names begin so only read; so do those few whose names do not tell it (Service Authorization
# Reference, access levels Read and List). AssumeRole is how credentials come about.
READING = ("BatchGet", "Check", "Describe", "Filter", "Get", "Head", "List", "Lookup", "Search", "Simulate", "Validate")
ALSO_READING = frozenset(
    {"AssumeRole", "AssumeRoleWithWebIdentity", "GenerateCredentialReport", "GenerateServiceLastAccessedDetails"}
    | {"StartQuery"}
)
# A review of access is sent as an object that the API server answers and does not keep.
REVIEWS = ("/apis/authentication.k8s.io/", "/apis/authorization.k8s.io/")
READING_COMMANDS = frozenset(
    {"AUTH", "CLIENT LIST", "CLIENT SETINFO", "CLIENT SETNAME", "DBSIZE", "EXISTS", "GET", "HELLO", "INFO"}
    | {"MEMORY USAGE", "PING", "PTTL", "QUIT", "SCAN", "SELECT", "STRLEN", "TTL", "TYPE"}
)

_state = {"rehearsing": False}


class RehearsalError(Exception):
    """Raised instead of sending what a rehearsal must not send; a defect of the step that wanted to."""

    def __init__(self, what: str) -> None:
        """Name the call."""
        super().__init__(f"A rehearsal must not send {what}. Nothing was sent; report this as a defect of the step.")


def begin(rehearsing: bool) -> None:
    """Say whether what this process does now is a rehearsal."""
    _state["rehearsing"] = rehearsing


def is_rehearsal() -> bool:
    """Tell whether what this process does now is a rehearsal."""
    return _state["rehearsing"]


def refuse_operation(model: Any, **_: Any) -> None:
    """Refuse an operation of AWS that changes something; a handler of botocore's event `before-call`.

    Raises:
        RehearsalError: It does.
    """
    name: str = model.name
    if is_rehearsal() and not name.startswith(READING) and name not in ALSO_READING:
        raise RehearsalError(f"{model.service_model.service_id} {name}")


def refuse_request(method: str, path: str, query: Mapping[str, str] | None) -> None:
    """Refuse a request to Kubernetes that changes something.

    Raises:
        RehearsalError: It does.
    """
    is_dry = (query or {}).get("dryRun") == "All"
    if is_rehearsal() and method != "GET" and not is_dry and not path.startswith(REVIEWS):
        raise RehearsalError(f"{method} {path}")


def refuse_command(*arguments: Any) -> None:
    """Refuse a command of Redis that changes something, or that is not known to read only.

    Raises:
        RehearsalError: It does.
    """
    words = [str(argument).upper() for argument in arguments[:2]]
    if is_rehearsal() and not {words[0], " ".join(words)} & READING_COMMANDS:
        raise RehearsalError(f"the command {words[0]} of Redis")
