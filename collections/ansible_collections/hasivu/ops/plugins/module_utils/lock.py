# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lock that a run holds on a resource, and the rules of taking, renewing and releasing it.

A lock lives in two stores, a Lease of Kubernetes and an object of S3, and a run takes it in both. One of them may be
out of reach: whoever comes next still meets the other. A holder that died leaves a lock that expires.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")


class StoreUnavailableError(Exception):
    """Raised when a store of locks cannot be asked."""


class ConflictError(Exception):
    """Raised when another process wrote the lock between our reading and our writing."""


class LostError(Exception):
    """Raised when another run took over a lock that we held."""


@dataclass(frozen=True)
class Lock:
    """Who holds a resource, and until when without a renewal. Times are aware and in UTC."""

    holder: str
    procedure: str
    operator: str
    acquired: datetime
    renewed: datetime
    seconds: int
    transitions: int = 0

    @property
    def expires(self) -> datetime:
        """Return when the lock ends unless it is renewed."""
        return self.renewed + timedelta(seconds=self.seconds)

    def is_held(self, at: datetime) -> bool:
        """Tell whether somebody holds the lock at a time."""
        return bool(self.holder) and at < self.expires

    def described(self, resource: str) -> str:
        """Return a sentence that names the resource, the holder, the start and the expiry."""
        return (
            f"{resource} is locked by run {self.holder} ({self.procedure}, started by {self.operator} "
            f"at {india(self.acquired)}); the lock expires at {india(self.expires)} unless that run renews it."
        )


class Store(Protocol):
    """Where locks are kept; a version makes each write conditional on what was read."""

    name: str

    def read(self, resource: str) -> tuple[Lock | None, Any]:
        """Return the lock of a resource and the version to write against.

        Raises:
            StoreUnavailableError: The store does not answer.
        """

    def write(self, resource: str, lock: Lock, version: Any) -> None:
        """Replace the lock if the version still holds.

        Raises:
            ConflictError: Another process wrote first.
            StoreUnavailableError: The store does not answer.
        """

    def forget(self) -> None:
        """Let the next request open a connection of its own, with credentials that are read anew."""


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt in one store: acquired, held by another, or unavailable."""

    state: str
    lock: Lock | None = None
    reason: str = ""


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def india(moment: datetime) -> str:
    """Return a time as the operators of HASIVU read it."""
    return moment.astimezone(INDIA).strftime("%Y-%m-%d %H:%M:%S IST")


def look(store: Store, resource: str, wanted: Lock, successor_of: str) -> Outcome:
    """Tell what taking the lock would come to, and write nothing."""
    try:
        current, _ = store.read(resource)
    except StoreUnavailableError as error:
        return Outcome("unavailable", reason=str(error))
    return Outcome("held", current) if is_foreign(current, wanted, successor_of) else Outcome("free", current)


def acquire(store: Store, resource: str, wanted: Lock, successor_of: str) -> Outcome:
    """Take the lock in one store when it is free, expired, ours, or that of the dead run that this one resumes."""
    try:
        current, version = store.read(resource)
        if is_foreign(current, wanted, successor_of):
            return Outcome("held", current)
        taken = replace(wanted, transitions=(current.transitions + 1) if current else 0)
        store.write(resource, taken, version)
    except ConflictError:
        return acquire(store, resource, wanted, successor_of)
    except StoreUnavailableError as error:
        return Outcome("unavailable", reason=str(error))
    return Outcome("acquired", taken)


def is_foreign(current: Lock | None, wanted: Lock, successor_of: str) -> bool:
    """Tell whether another living run holds the lock."""
    if current is None or not current.is_held(now()):
        return False
    return current.holder not in (wanted.holder, successor_of or wanted.holder)


def renew(store: Store, resource: str, holder: str) -> bool:
    """Put off the expiry; return False when the lock was released.

    Raises:
        LostError: Another run holds it.
        StoreUnavailableError: The store does not answer.
        ConflictError: Another process wrote at the same time.
    """
    current, version = store.read(resource)
    if current is None or not current.holder:
        return False
    if current.holder != holder:
        raise LostError(current.described(resource))
    store.write(resource, replace(current, renewed=now()), version)
    return True


def release(store: Store, resource: str, holder: str) -> bool:
    """Give the lock up when it is ours; return whether it was.

    Raises:
        StoreUnavailableError: The store does not answer.
    """
    try:
        current, version = store.read(resource)
        if current is None or current.holder != holder:
            return False
        store.write(resource, replace(current, holder="", renewed=now(), seconds=1), version)
    except ConflictError:
        return release(store, resource, holder)
    return True


def to_json(lock: Lock) -> dict[str, Any]:
    """Return a lock as JSON knows it."""
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in asdict(lock).items()}


def from_json(content: dict[str, Any]) -> Lock:
    """Return the lock that `to_json` wrote."""
    times = {key: datetime.fromisoformat(content[key]) for key in ("acquired", "renewed")}
    return Lock(**{**content, **times})
