# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far a replica is behind, in seconds."""

from __future__ import annotations


class ReplicaLag:
    """Remembers when the write-ahead log was where.

    The server's own replay_lag is the lag of what a replica has applied last: of one that applies nothing any more it
    goes on saying what it said before. So the age of the oldest position that is not applied yet counts as well.
    """

    def __init__(self) -> None:
        """Start without a memory."""
        self.positions: list[tuple[float, int]] = []

    def seconds(self, now: float, written: int, replayed: int | None, reported: float) -> float:
        """Return the lag of the replica that is furthest behind.

        Args:
            now: A clock that only goes forward.
            written: Where the server's log ends.
            replayed: How far that replica has applied it; nothing when there is none.
            reported: What the server says of it.
        """
        if replayed is None:
            return reported
        self.positions.append((now, written))
        self.positions = [(moment, position) for moment, position in self.positions if position > replayed]
        return max(reported, now - self.positions[0][0]) if self.positions else reported
