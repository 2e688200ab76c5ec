"""The real server behind an instance: restored, started, stopped, fenced and backed up."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import sql
from psycopg.conninfo import make_conninfo

from hasivu_play.errors import StoppedError
from hasivu_play.sandbox import base_backup
from hasivu_play.sandbox.aws.rds.programs import Programs
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.postgresql import SUPERUSER, Cluster

RECOVERY_SECONDS = 600.0
RELOAD_SECONDS = 10.0
SEGMENT = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")
# What PostgreSQL says when no transaction was committed after the moment that was asked for: then everything that
# the archive held at the time of the call lies before it.
ENDED_BEFORE = "recovery ended before configured recovery target was reached"
SWITCH = "SELECT pg_walfile_name(pg_switch_wal() - 1)"
# A copy that was just made is worth nothing if the machine stops: it is not brought to the disk file by file.
HASTE = {"fsync": "off"}
DRAFT, SOURCE = "data.new", "wal_source"
FOLLOWING = """\
primary_conninfo = '{source}'
restore_command = 'cp "{archive}/%f" "%p"'
"""


class Server:
    """The server of one instance: a folder and a port."""

    def __init__(self, layout: Layout, directory: str, port: int, programs: Programs) -> None:
        """Look at the server in a folder."""
        self.layout = layout
        self.programs = programs
        self.cluster = Cluster(layout.part(directory), port, layout.credential("database_admin"))

    @property
    def directory(self) -> Path:
        """Return the folder."""
        return self.cluster.directory

    def lay_down(self, base: Path, hba: str) -> None:
        """Copy a base backup to where the server will find its data; what an earlier attempt left is thrown away."""
        self.stop()
        for leftover in (DRAFT, "data"):
            shutil.rmtree(self.directory / leftover, ignore_errors=True)
        for folder in ("wal_archive", "base_backups"):
            (self.directory / folder).mkdir(mode=0o700, exist_ok=True)
        self.programs.run("cp", "-a", "--reflink=auto", base, self.directory / DRAFT)
        (self.directory / DRAFT / "pg_hba.conf").write_text(hba, encoding="utf-8")
        (self.directory / DRAFT).rename(self.cluster.data)

    def follow(self, source: Server, hba: str) -> None:
        """Copy a server that runs, and replay what it writes from then on: as it is sent, or else as it is archived."""
        self.stop()
        draft = self.directory / DRAFT
        for leftover in (DRAFT, "data"):
            shutil.rmtree(self.directory / leftover, ignore_errors=True)
        for folder in ("wal_archive", "base_backups"):
            (self.directory / folder).mkdir(mode=0o700, exist_ok=True)
        base_backup.copy(self.layout, draft, source.cluster.port, self.programs.run)
        (draft / "pg_hba.conf").write_text(hba, encoding="utf-8")
        with (draft / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
            settings.write(FOLLOWING.format(source=source.conninfo(), archive=source.directory / "wal_archive"))
        (draft / "standby.signal").touch(mode=0o600)
        draft.rename(self.cluster.data)
        self.start()

    def conninfo(self) -> str:
        """Return how a server that follows this one reaches it; its password stays in a file."""
        return make_conninfo(
            host="127.0.0.1", port=self.cluster.port, user=SUPERUSER, passfile=str(self.layout.credential("pgpass"))
        )

    def freeze_archive(self, archive: Path) -> None:
        """Keep the archived log as it is now, so that nothing that is archived later can be replayed."""
        frozen = self.directory / SOURCE
        shutil.rmtree(frozen, ignore_errors=True)
        frozen.mkdir(mode=0o700)
        for segment in archive.iterdir():
            if SEGMENT.fullmatch(segment.name):
                os.link(segment, frozen / segment.name)

    def replay(self, moment: float | None) -> None:
        """Replay the frozen log to a moment, or to its end, and let the server go on from there."""
        (self.cluster.data / "recovery.signal").touch(mode=0o600)
        try:
            self.start_recovery(moment)
        except StoppedError:
            if moment is None or ENDED_BEFORE not in self.cluster.log.read_text(encoding="utf-8", errors="replace"):
                raise
            self.start_recovery(None)
        self.restart()
        shutil.rmtree(self.directory / SOURCE)

    def wake(self) -> None:
        """Start a server from a base backup that needs no other log than its own."""
        self.cluster.start(HASTE, RECOVERY_SECONDS)
        self.restart()

    def start_recovery(self, moment: float | None) -> None:
        """Start the server; it answers nobody before it has replayed all that it was asked to."""
        settings = {
            **HASTE,
            "restore_command": f'cp "{self.directory / SOURCE}/%f" "%p"',
            "recovery_target_action": "promote",
            "hot_standby": "off",
        }
        if moment is not None:
            settings["recovery_target_time"] = datetime.fromtimestamp(moment, UTC).isoformat(" ")
        self.cluster.start(settings, RECOVERY_SECONDS)

    def start(self) -> None:
        """Start the server, unless it runs."""
        process = self.cluster.process()
        if process is None or not process.alive():
            self.cluster.start()

    def stop(self) -> None:
        """Stop the server; what was not archived yet is archived first."""
        self.cluster.stop()

    def restart(self) -> None:
        """Stop the server and start it."""
        self.stop()
        self.start()

    def move(self, port: int) -> Server:
        """Return the same server on another port."""
        return Server(self.layout, self.directory.name, port, self.programs)

    def set_access(self, hba: str) -> None:
        """Let other clients in than before, from their next login on."""
        path = self.cluster.data / "pg_hba.conf"
        if path.read_text(encoding="utf-8") != hba:
            path.write_text(hba, encoding="utf-8")
            process, begun = self.cluster.process(), time.time()
            if process and process.alive():
                process.send(signal.SIGHUP)
                self.wait_for_reload(begun)

    def wait_for_reload(self, begun: float) -> None:
        """Wait until the server has read its configuration again: a new login must meet the new rules."""
        deadline = time.monotonic() + RELOAD_SECONDS
        while time.monotonic() < deadline:
            with self.cluster.connect() as connection:
                row = connection.execute("SELECT extract(epoch FROM pg_conf_load_time())::float8").fetchone()
            if row and row[0] >= begun:
                return
            time.sleep(0.05)

    def set_password(self, role: str, verifier: str) -> None:
        """Set the password of a role, given as a verifier that neither log nor statistics keep."""
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier))
        with self.cluster.connect() as connection:
            connection.execute("SET pg_stat_statements.track_utility TO off")
            connection.execute(statement)

    def verifier(self, role: str, password: str) -> str:
        """Return the SCRAM verifier of a password."""
        with self.cluster.connect() as connection:
            return connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()

    def switch_log(self) -> str:
        """Close the log segment that is being written, so that it is archived, and return its name.

        Where nothing was written into it, it stays, and the name is that of the segment before.
        """
        with self.cluster.connect(connect_timeout=2, application_name="rdsadmin") as connection:
            row: tuple[Any, ...] | None = connection.execute(SWITCH).fetchone()
        return str(row[0]) if row else ""

    def back_up(self) -> Path:
        """Take a base backup among the automated ones."""
        return base_backup.take(self.layout, self.directory, self.cluster.port, self.programs.run)

    def copy_to(self, target: Path) -> None:
        """Take a base backup into a folder of its own."""
        draft = target.with_suffix(".part")
        shutil.rmtree(draft, ignore_errors=True)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        base_backup.copy(self.layout, draft, self.cluster.port, self.programs.run)
        draft.rename(target)
