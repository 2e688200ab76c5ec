# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the server's counters can be believed; after a crash or a restore they are zero and nothing seems in need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import Table

BIG = 1000
YOUNG = timedelta(days=7)


@dataclass(frozen=True)
class Statistics:
    """The verdict, with the sentences that it rests on."""

    reliable: bool
    reasons: tuple[str, ...]


def judge_statistics(tables: Iterable[Table], stats_reset: datetime | None, now: datetime) -> Statistics:
    """Hold the counters against the rows that the catalog remembers through a crash.

    A reset that is young or unknown does not condemn the counters: a server that is minutes old has it, and a server
    that was never reset says nothing for ever. Counters that lost the rows of most big tables do; together with a
    young reset, those of one table are enough.
    """
    big = [table for table in tables if table.kind == "r" and table.rows > BIG]
    lost = [table for table in big if table.live + table.dead < table.rows / 10]
    young = stats_reset is None or now - stats_reset < YOUNG
    reliable = not lost or (not young and len(lost) * 2 <= len(big))
    return Statistics(reliable, (reset_sentence(stats_reset), count_sentence(len(lost), len(big))))


def reset_sentence(stats_reset: datetime | None) -> str:
    """Say since when the server counts."""
    if stats_reset is None:
        return "The server does not say since when it counts."
    return f"The server has counted since {stats_reset.isoformat(timespec='seconds')}."


def count_sentence(lost: int, big: int) -> str:
    """Say how many tables the counters know nothing of."""
    return f"The counters have lost the rows of {lost} of {big} tables with more than {BIG} rows."
