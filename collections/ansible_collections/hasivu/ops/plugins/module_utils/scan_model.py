# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What scanning speaks of: the programs that scan, what they look at, and what they hit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

VULNERABILITY, SECRET, MISCONFIGURATION = "vulnerability", "secret", "misconfiguration"
IMAGE, COMMIT, HISTORY = "image", "commit", "history"
UNKNOWN = "unknown"


class ScanError(Exception):
    """Raised when a scan told nothing that can be relied on; its text is the end of a sentence about the scan."""


@dataclass(frozen=True)
class Hit:
    """One thing that a scanner hit; of a secret only where it stands and of what kind it is."""

    key: str
    kind: str
    severity: str
    place: str
    title: str
    package: str = ""
    version: str = ""
    fixed: str = ""
    aliases: tuple[str, ...] = ()
    token: str = ""


@dataclass(frozen=True)
class Parsed:
    """What the output of a scanner says: the hits, how much was looked at, and what was left out."""

    hits: list[Hit]
    looked_at: int
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Database:
    """The vulnerability database that a scanner asked."""

    name: str
    version: str
    updated: str = ""


NO_DATABASE = Database("its own rules", "of its version")


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Target:
    """What is scanned: an image by digest, a file or folder of a commit, or the history of a repository."""

    kind: str
    name: str
    digest: str
    path: Path = Path()
    file: str = ""


@dataclass(frozen=True)
class Room:
    """A private place for one scan: its temporary folder, and the addresses of the database mirrors."""

    temporary: Path
    mirrors: dict[str, str]
    cache: str = ""
    seconds: int = 600


@dataclass(frozen=True)
class Scanner:
    """One way to use one program.

    `arguments` and `bill` give the arguments of the scan and of the bill of materials; `parse` reads what the scan
    printed and raises ScanError for anything that it does not know.
    """

    name: str
    program: str
    kind: str
    arguments: Callable[[Target, Room], list[str]]
    parse: Callable[[Ended, Target, Room], Parsed]
    database: Callable[[Room, Callable[[list[str]], Ended]], Database]
    bill: Callable[[Target, Room], list[str]] | None = None


@dataclass(frozen=True)
class Scan:
    """What came of one scan: done, reused, failed, or missed for want of a scanner that may be run."""

    scanner: str
    target: str
    digest: str
    kind: str
    outcome: str
    reason: str = ""
    hits: tuple[Hit, ...] = ()
    left_out: tuple[str, ...] = ()
    looked_at: int = 0
    database: Database = NO_DATABASE
    program: str = ""
    bill: str = ""
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Tell whether the scan looked at all that it was asked to look at."""
        return self.outcome in ("done", "reused") and not self.left_out

    def as_data(self) -> dict[str, Any]:
        """Return the scan as JSON knows it."""
        return asdict(self)


def scan_of(data: dict[str, Any]) -> Scan:
    """Return the scan that was written as data.

    Raises:
        KeyError, TypeError: This is not the data of a scan.
    """
    hits = tuple(Hit(**{**hit, "aliases": tuple(hit["aliases"])}) for hit in data["hits"])
    rest = {"hits": hits, "left_out": tuple(data["left_out"]), "database": Database(**data["database"])}
    return Scan(**{**data, **rest})
