"""One thing that is wrong between the manual and the procedures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A block or procedure, what is wrong with it, and what to do."""

    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        """Return the problem as a person reads it."""
        return f"{self.where}: {self.what} {self.mend}"
