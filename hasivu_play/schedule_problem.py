"""Something that is wrong with a calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hasivu_play.schedule import in_words


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with a calendar, the first time at which it is, and how often."""

    rule: str
    names: tuple[str, ...]
    says: str
    mend: str
    at: datetime | None = None
    times: int = 1
    accepted: str = ""

    @property
    def in_words(self) -> str:
        """Return what is wrong and when."""
        if self.at is None:
            return self.says
        often = "once" if self.times == 1 else f"{self.times} times"
        return f"{self.says} First at {in_words(self.at)}, {often} in the time looked at."
