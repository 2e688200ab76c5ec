# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The start of a verification: log in to both servers, and find out whether the old one can be compared with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.database import not_connected
from ansible_collections.hasivu.ops.plugins.module_utils.fingerprint import read_server
from ansible_collections.hasivu.ops.plugins.module_utils.verification_check import reason
from ansible_collections.hasivu.ops.plugins.module_utils.verification_horizon import Horizon, read_horizon
from ansible_collections.hasivu.ops.plugins.module_utils.verification_plan import Verification, reference_of
from ansible_collections.hasivu.ops.plugins.module_utils.verification_sessions import Sessions
from ansible_collections.hasivu.ops.plugins.module_utils.verification_tables import instant

try:
    import psycopg
except ImportError:
    # `check_library` says so before anything of it is used.
    psycopg = None


class NotComparableError(Exception):
    """Raised when the old database cannot be compared with; the text says why."""


@dataclass(frozen=True)
class Begun:
    """A verification that is ready, and with what it compares."""

    open: AbstractContextManager[Verification]
    compared_with: dict[str, str]
    recovery_xid: int | None


def begin(module: AnsibleModule) -> Begun:
    """Open the sessions; a restored server that lets nobody in fails the module."""
    try:
        restore_time = instant(module.params["restore_time"])
    except ValueError as error:
        module.fail_json(msg=f"restore_time is no instant: {error}.", stop="bad_input")
    options, stack = module.params, ExitStack()
    try:
        restored = opened(stack, options, options)
    except psycopg.Error as error:
        module.fail_json(msg=not_connected(options, error), sqlstate=error.sqlstate, stop="resumable")
    try:
        old, horizon, reference = comparable(stack, restored, options)
        how = {"with": "old", "why": ""}
    except NotComparableError as error:
        old, horizon, reference = None, None, options["fingerprint"]
        how = {"with": "fingerprint" if reference else "nothing", "why": str(error)}
    verification = Verification(restored, old, horizon, reference, restore_time, options)
    return Begun(closing(stack, verification), how, horizon.first_unseen if horizon else None)


@contextmanager
def closing(stack: ExitStack, verification: Verification) -> Iterator[Verification]:
    """Lend a verification and close its sessions."""
    with stack:
        yield verification


def opened(stack: ExitStack, login: dict[str, Any], options: dict[str, Any]) -> Sessions:
    """Open the sessions of one server, to be closed with the others."""
    sessions = Sessions(login, options["connections"], options["statement_seconds"])
    stack.callback(sessions.close)
    return sessions


def comparable(
    stack: ExitStack, restored: Sessions, options: dict[str, Any]
) -> tuple[Sessions, Horizon, dict[str, Any]]:
    """Return sessions of the old server, how far both are one, and what the old one says of itself.

    Raises:
        NotComparableError: It cannot be read, or the restored one is no copy of it.
    """
    if not options["old"]:
        raise NotComparableError("No old database was given.")
    try:
        old = opened(stack, options["old"], options)
        with restored.lend() as here, old.lend() as there:
            copy, source = (read_server(side)["system_identifier"] for side in (here, there))
            horizon = read_horizon(here, there, options["recovery_xid"])
        reference = reference_of(old)
    except psycopg.Error as error:
        raise NotComparableError(f"The old database cannot be read: {reason(error)}.") from None
    if copy is None or copy != source:
        raise NotComparableError(f"The restored server is no copy of the old one: {copy} and {source}.")
    # A table that the old database has lost is compared with what a fingerprint says of it.
    return old, horizon, {**reference, "tables": (options["fingerprint"] or {}).get("tables")}
