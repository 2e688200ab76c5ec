"""The part `postgresql`: one cluster, seeded before anybody sees it, with a base backup taken once it is up.

Beside it stand the servers that RDS has restored: parts of their own, made by the AWS emulator.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hasivu_play.sandbox import database_servers, probes
from hasivu_play.sandbox.database_servers import DatabaseServer
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.part import Part
from hasivu_play.sandbox.postgresql import LOADING_SETTINGS, SUPERUSER, Cluster
from hasivu_play.sandbox.postgresql_programs import programs_directory
from hasivu_play.sandbox.process import recall, remember, start

DATABASE = "hasivu_sandbox"
PREFIX = "postgresql:"
BACKUP_STOP_SECONDS = 5.0


class Postgresql(Part):
    """The part `postgresql`: the server of the instance that bears the name of the sandbox."""

    @property
    def server(self) -> DatabaseServer:
        """Return which server that is: after a rename it is another one."""
        return database_servers.first(self.layout, self.port)

    @property
    def directory(self) -> Path:
        """Return the folder of the server."""
        return self.layout.part(self.server.directory)

    def wanted(self) -> bool:
        """Say whether the server ought to run; one that RDS has stopped or lost ought not."""
        return self.server.wanted

    @property
    def cluster(self) -> Cluster:
        """Return the server of this part."""
        return Cluster(self.directory, self.port, self.layout.credential("database_admin"))

    def running(self) -> bool:
        """Say whether the seeded server runs; one that is still being loaded does not count."""
        return self.cluster.data.exists() and super().running()

    def up(self) -> None:
        """Start the server where it does not run; one that was left half-loaded is not worth waiting for."""
        if not self.cluster.data.exists():
            self.stop()
        super().up()

    def start(self) -> None:
        """Start the server, made and loaded first where there is none."""
        self.check_port()
        if not self.cluster.data.exists():
            self.create()
        self.cluster.start()
        self.start_base_backup()

    def create(self) -> None:
        """Make and load the data under another name, so that a half-loaded one is never taken for the real one."""
        from hasivu_play.sandbox.seed_database import seed_database

        draft = replace(self.cluster, data_name="data.new")
        shutil.rmtree(draft.data, ignore_errors=True)
        for folder in ("wal_archive", "base_backups"):
            (self.directory / folder).mkdir(mode=0o700, exist_ok=True)
        draft.create()
        draft.start(LOADING_SETTINGS)
        try:
            seed_database(draft, self.layout)
        finally:
            draft.stop()
        draft.data.rename(self.cluster.data)

    def start_base_backup(self) -> None:
        """Take the first base backup in the background: nobody waits for it."""
        if any((self.directory / "base_backups").glob("*Z")):
            return
        command = [sys.executable, "-P", "-m", "hasivu_play.sandbox.base_backup", str(self.layout.root), str(self.port)]
        remember(start(command, self.directory / "base_backup.log", 0), self.directory / "base_backup.json")

    def stop(self) -> None:
        """Stop a base backup that is under way, then the server."""
        backup = recall(self.directory / "base_backup.json")
        if backup:
            backup.stop_group(BACKUP_STOP_SECONDS)
        self.cluster.stop()

    def command(self) -> Sequence[str]:
        """Return the command that starts the server."""
        return self.cluster.command({})

    def answers(self) -> bool:
        """Say whether the server takes connections."""
        return probes.postgresql_answers(self.port)

    def healthy(self) -> bool:
        """Say whether the server answers a query."""
        return self.cluster.answers()

    def url(self) -> str:
        """Return the address with the superuser's password, as PostgreSQL clients take it."""
        password = self.layout.read_credential("database_admin")
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/{DATABASE}?sslmode=disable"

    def endpoint(self) -> dict[str, Any]:
        """Return address, database, programs and identity of the server."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "database": DATABASE,
            "bin": str(programs_directory()),
            "system_identifier": self.system_identifier(),
        }

    def system_identifier(self) -> str:
        """Return what tells this cluster from every other, or nothing before it exists."""
        if not self.running():
            return ""
        with self.cluster.connect() as connection:
            row = connection.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
        return str(row[0]) if row else ""

    def details(self) -> dict[str, Any]:
        """Return where backups and archived WAL lie, and whether RDS lets the server run."""
        return {
            "wal_archive": str(self.directory / "wal_archive"),
            "base_backups": str(self.directory / "base_backups"),
            **({} if self.wanted() else {"unwanted": True}),
        }


class RestoredPostgresql(Postgresql):
    """A server that RDS has restored; its name is `postgresql:` and the instance."""

    @property
    def server(self) -> DatabaseServer:
        """Return the server."""
        identifier = self.name.removeprefix(PREFIX)
        return next(server for server in database_servers.others(self.layout) if server.identifier == identifier)

    def create(self) -> None:
        """Refuse to make data: only the emulator has a backup to make them from."""
        raise self.failure("has no data")

    def start_base_backup(self) -> None:
        """Leave backups to RDS."""


def restored(layout: Layout) -> list[Part]:
    """Return the servers that RDS has restored."""
    return [
        RestoredPostgresql(layout, f"{PREFIX}{server.identifier}", server.port)
        for server in database_servers.others(layout)
    ]
