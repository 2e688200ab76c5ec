"""How procedures are to be started by time."""

from __future__ import annotations

from dataclasses import dataclass

from hasivu_play.header import Header

PREFIX = "hasivu-play"
MINUTES_TO_END = 10  # a run past its budget is stopped at a safe point and sealed; what starts it waits for that


@dataclass(frozen=True)
class Order:
    """Where and how procedures are started, the same for all of them."""

    environment: str
    ticket: str | None = None
    command: str = "/usr/local/bin/hasivu-play"
    user: str = "hasivu-play"
    image: str = ""
    namespace: str = "hasivu-operations"

    def name(self, header: Header) -> str:
        """Return the name of what starts a procedure."""
        return f"{PREFIX}-{header.id}-{self.environment}"

    def arguments(self, header: Header) -> list[str]:
        """Return the command line; it starts nothing when the procedure is not due, or was started for this time."""
        ticket = ["--ticket", self.ticket] if self.ticket and header.risk != "read" else []
        return ["schedule", "run", header.id, "--env", self.environment, *ticket]


def seconds(header: Header) -> int:
    """Return after how many seconds even the end of a run must be over."""
    return (header.abort_after_minutes + MINUTES_TO_END) * 60
