# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A table as the catalog and the statistics describe it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

PAGE_BYTES = 8192
ROWS_PER_UNKNOWN_PAGE = 50


@dataclass(frozen=True)
class Table:
    """One row of the query that lists the tables; sizes in pages, ages in transactions."""

    oid: int
    schema: str
    name: str
    quoted: str
    kind: str = "r"
    rows: int = -1
    pages: int = 0
    visible_pages: int = 0
    index_pages: int = 0
    indexes: int = 0
    toast_pages: int = 0
    live: int = 0
    dead: int = 0
    inserted: int = 0
    modified: int = 0
    rewritten: int = 0
    vacuumed: datetime | None = None
    analyzed: datetime | None = None
    autoanalyzed: datetime | None = None
    vacuum_count: int = 0
    analyze_count: int = 0
    xid_age: int = 0
    mxid_age: int = 0
    xid_limit: int = 200_000_000
    mxid_limit: int = 400_000_000
    permitted: bool = True
    working_pid: int | None = None
    working: str | None = None
    locked_pid: int | None = None
    locked_mode: str | None = None
    locked_by: str | None = None
    ancestors: tuple[int, ...] = ()

    @property
    def plain_name(self) -> str:
        """The name without quotes, as include and exclude patterns see it."""
        return f"{self.schema}.{self.name}"

    @property
    def is_parent(self) -> bool:
        """Whether it is partitioned and so holds no rows of its own."""
        return self.kind == "p"

    @property
    def counted_rows(self) -> int:
        """Rows by the catalog; by the counters where the catalog has not counted yet (-1)."""
        return self.rows if self.rows >= 0 else self.live

    @property
    def heap_bytes(self) -> int:
        """Size of its rows now: the pages of the last count, grown as the rows have since."""
        if self.pages == 0:
            return PAGE_BYTES * -(-(self.live + self.dead) // ROWS_PER_UNKNOWN_PAGE)
        growth = max(1.0, (self.live + self.dead) / self.rows) if self.rows > 0 else 1.0
        return int(PAGE_BYTES * self.pages * growth)

    @property
    def bytes(self) -> int:
        """Size with its indexes and its TOAST table."""
        return self.heap_bytes + PAGE_BYTES * (self.index_pages + self.toast_pages)

    @property
    def dead_share(self) -> float:
        """Dead rows as a part of all its rows."""
        return self.dead / (self.live + self.dead) if self.dead else 0.0

    @property
    def urgency(self) -> float:
        """Its age as a part of the age at which the server forces a vacuum, by whichever counter is nearer."""
        return max(self.xid_age / self.xid_limit, self.mxid_age / self.mxid_limit)

    @property
    def is_static(self) -> bool:
        """Whether no row was ever updated or deleted, as far as the counters know."""
        return self.rewritten == 0 and self.live > 0
