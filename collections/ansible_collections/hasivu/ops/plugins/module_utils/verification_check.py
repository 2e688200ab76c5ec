# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A check of restored data: what was asked, whether it holds, and why that is known or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

try:
    import psycopg
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

NAMED = 10


@dataclass(frozen=True)
class Check:
    """One check; `ok` is nothing where it could not be told, which is never as good as yes."""

    name: str
    ok: bool | None
    what: str
    detail: str = ""
    skipped: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the check for a result, a report and a record."""
        return asdict(self)


def unknown(name: str, what: str, why: str) -> Check:
    """Return a check that could not be made."""
    return Check(name, None, what, why)


def gathered(name: str, what: str, problems: Iterable[str], unread: Iterable[str], passed: str) -> Check:
    """Return one check over many objects: a problem weighs more than what could not be read."""
    found, missed = list(problems), list(unread)
    if found:
        return Check(name, False, what, shortened(found + missed))
    return Check(name, None if missed else True, what, shortened(missed) if missed else passed)


def shortened(sentences: list[str]) -> str:
    """Return the first sentences, and how many more there are."""
    more = len(sentences) - NAMED
    return " ".join(sentences[:NAMED]) + (f" And {more} more." if more > 0 else "")


def made(name: str, what: str, make: Callable[[], list[Check]]) -> list[Check]:
    """Make checks; what hinders that makes one of them unknown."""
    try:
        return make()
    except psycopg.Error as error:
        return [unknown(name, what, f"It could not be read: {reason(error)}.")]


def reason(error: psycopg.Error) -> str:
    """Return what PostgreSQL said, in one line."""
    return error.diag.message_primary or " ".join(str(error).split()) or type(error).__name__


def failing(checks: list[Check], accepted: list[str]) -> list[Check]:
    """Return the checks that forbid to go on: a person may accept what is unknown by its name, and nothing else."""
    return [
        check for check in checks if check.ok is not True and not check.skipped and not is_accepted(check, accepted)
    ]


def is_accepted(check: Check, accepted: list[str]) -> bool:
    """Tell whether a person took it on themselves that a check is not known."""
    return check.ok is None and check.name in accepted


def verdict(failed: list[Check], restore_time: str) -> str:
    """Say which checks failed and what to do."""
    said = " ".join(
        f"{check.name} is {'unknown' if check.ok is None else 'wrong'}: {check.detail or check.what}"
        for check in failed
    )
    return (
        f"The restored database is not proved to be what it was at {restore_time}. {said} Do not cut over. Mend what "
        "could not be read and resume, or restore to another point."
    )
