"""The kinds of faults that lie in the database: a session in the way, a forgotten replication slot."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hasivu_play.sandbox.fault_kinds import Fault
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.logins import current_login
from hasivu_play.sandbox.parts import part
from hasivu_play.sandbox.postgresql import Cluster
from hasivu_play.sandbox.postgresql_part import DATABASE
from hasivu_play.sandbox.waiting import wait_until

if TYPE_CHECKING:
    import psycopg

END_SECONDS = 5.0
WRITE_SECONDS = 0.2


class DatabaseFault(Fault):
    """A fault that comes about inside the running database."""

    @property
    def needs(self) -> str:
        """Return the database."""
        return "postgresql"


@dataclass(frozen=True)
class InactiveSlot(DatabaseFault):
    """A replication slot that nobody reads keeps WAL."""

    slot: str

    def begin(self, layout: Layout) -> None:
        """Make the slot, unless it is there."""
        with superuser(layout) as connection:
            connection.execute(
                "SELECT pg_create_physical_replication_slot(%s, true)"
                " WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = %s)",
                (self.slot, self.slot),
            )

    def end(self, layout: Layout, restart: bool = True) -> None:
        """Drop the slot."""
        with superuser(layout) as connection:
            connection.execute(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s",
                (self.slot,),
            )


@dataclass(frozen=True)
class Session(DatabaseFault):
    """A database session that stands in the way; it lives in a process of its own."""

    role: str
    application_name: str
    state: str
    statements: tuple[str, ...]

    @property
    def default_seconds(self) -> float:
        """Return ten minutes."""
        return 600.0

    def hold(self, layout: Layout, seconds: float) -> None:
        """Open the session, do what stands in the way, and stay."""
        with self.connect(layout) as connection:
            deadline = time.monotonic() + seconds
            for statement in self.statements:
                connection.execute(statement.format(seconds=seconds).encode())
            time.sleep(max(0.0, deadline - time.monotonic()))

    def connect(self, layout: Layout) -> psycopg.Connection[tuple[Any, ...]]:
        """Log in as the role of this fault."""
        import psycopg

        role, password = current_login(layout, self.role)
        return psycopg.connect(
            host="127.0.0.1",
            port=part(layout, "postgresql").port,
            dbname=DATABASE,
            user=role,
            password=password,
            application_name=self.application_name,
            autocommit=True,
        )

    def has_begun(self, layout: Layout) -> bool:
        """Say whether the server shows the session in its state."""
        return self.state in self.states(layout)

    def end(self, layout: Layout, restart: bool = True) -> None:
        """Wait until the server has noticed that the process of the session is gone."""
        wait_until(lambda: not self.states(layout), END_SECONDS)

    def states(self, layout: Layout) -> list[str]:
        """Return the states of the sessions of this fault."""
        with superuser(layout) as connection:
            found = connection.execute(
                "SELECT state FROM pg_stat_activity WHERE application_name = %s", (self.application_name,)
            )
            return [state for (state,) in found]


@dataclass(frozen=True)
class Writer(Session):
    """A session that writes again and again, as a program does that nobody has thought of."""

    def hold(self, layout: Layout, seconds: float) -> None:
        """Write a few times a second, and log in anew when the session was ended."""
        import psycopg

        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                with self.connect(layout) as connection:
                    self.write(connection, deadline)
            except psycopg.OperationalError as error:
                logging.getLogger(__name__).warning("%s", error)
                time.sleep(WRITE_SECONDS)

    def has_begun(self, layout: Layout) -> bool:
        """Say whether the server shows the session, whatever it does at this moment."""
        return bool(self.states(layout))

    def write(self, connection: psycopg.Connection[tuple[Any, ...]], deadline: float) -> None:
        """Write until the time is over."""
        while time.monotonic() < deadline:
            for statement in self.statements:
                connection.execute(statement.encode())
            time.sleep(WRITE_SECONDS)


def superuser(layout: Layout) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a session of the superuser."""
    directory, port = layout.part("postgresql"), part(layout, "postgresql").port
    return Cluster(directory, port, layout.credential("database_admin")).connect(DATABASE)
