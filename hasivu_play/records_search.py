"""Finding runs among many thousands: by their names first, and by their manifests only as far as they are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from hasivu_play.records import Run, folders, read_run


@dataclass(frozen=True)
class Wanted:
    """Which runs are wanted; what is empty holds for all."""

    procedure: str = ""
    environment: str = ""
    state: str = ""
    since: str = ""

    def may_be(self, name: str) -> bool:
        """Tell by the name of a run alone whether it may be wanted."""
        inside = name.partition("-")[2].rpartition("-")[0]
        named = inside.startswith(self.procedure) and inside.endswith(self.environment)
        return named and name[:8] >= self.since.replace("-", "")

    def holds_for(self, run: Run) -> bool:
        """Tell whether a run is wanted."""
        pairs = ((self.procedure, run.procedure), (self.environment, run.environment), (self.state, run.state))
        return all(not wanted or wanted == found for wanted, found in pairs)


def search(wanted: Wanted, limit: int | None) -> list[Run]:
    """Return the newest runs that are wanted, at most so many of them."""
    candidates = (read_run(folder) for folder in folders() if wanted.may_be(folder.name))
    return list(islice(filter(wanted.holds_for, candidates), limit))
