"""A real PostgreSQL server of one folder: created, configured, started and stopped."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hasivu_play.errors import StoppedError
from hasivu_play.sandbox import postgresql_programs as programs
from hasivu_play.sandbox.process import Process, log_tail, recall, remember, start, works_in
from hasivu_play.sandbox.waiting import wait_until

if TYPE_CHECKING:
    import psycopg

SUPERUSER = "postgres"
START_SECONDS = 30.0
STOP_SECONDS = 20.0
LEFTOVER_SECONDS = 10.0
ACCESS = """\
# No connection without a password, and none from another machine.
host all all 127.0.0.1/32 scram-sha-256
host replication postgres 127.0.0.1/32 scram-sha-256
"""
# Autovacuum is on, as in production, but its naptime is the longest there is: the dead rows that were seeded
# would otherwise be gone before a procedure could find them.
SETTINGS = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
shared_buffers = 128MB
maintenance_work_mem = 64MB
max_wal_size = 512MB
wal_level = replica
archive_mode = on
archive_command = 'if test -e ../wal_archive/%f; then cmp -s %p ../wal_archive/%f; else \
cp --sparse=always %p ../wal_archive/.%f.part && sync ../wal_archive/.%f.part && \
mv ../wal_archive/.%f.part ../wal_archive/%f; fi'
archive_timeout = 300
max_slot_wal_keep_size = 256MB
autovacuum = on
autovacuum_naptime = 2147483s
shared_preload_libraries = 'pg_stat_statements'
track_io_timing = on
jit = off
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d/%a '
"""
# While the rows are loaded nobody else is there and nothing is worth keeping if the machine stops.
LOADING_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "archive_mode": "off",
    "max_wal_size": "4GB",
    "wal_recycle": "off",
    "wal_init_zero": "off",
    "shared_buffers": "320MB",
}


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server: its folder, its data folder in it, its port and the file of its superuser's password."""

    directory: Path
    port: int
    password_file: Path
    data_name: str = "data"

    @property
    def data(self) -> Path:
        """Return the data folder."""
        return self.directory / self.data_name

    @property
    def log(self) -> Path:
        """Return the file that the server writes its messages to."""
        return self.directory / "server.log"

    @property
    def process_file(self) -> Path:
        """Return the file that remembers the server's process."""
        return self.directory / "process.json"

    def process(self) -> Process | None:
        """Return the server's process, running or not."""
        return recall(self.process_file)

    def create(self) -> None:
        """Make the data folder, with checksums and a password for the superuser, and configure it."""
        run_program(
            *(programs.programs_directory() / "initdb", "-D", self.data, "-U", SUPERUSER, "-E", "UTF8"),
            *("--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={self.password_file}"),
            *("--data-checksums", "--no-sync", "--no-instructions"),
        )
        (self.data / "pg_hba.conf").write_text(ACCESS, encoding="utf-8")
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(SETTINGS)

    def start(self, settings: Mapping[str, str] | None = None, seconds: float = START_SECONDS) -> None:
        """Start the server and wait until it answers queries."""
        self.clear_leftovers()
        command = self.command(settings or {})
        process = start(command, self.log, self.port)
        remember(process, self.process_file)
        if not wait_until(lambda: self.answers() or not process.alive(), seconds) or not process.alive():
            raise StoppedError(
                f"PostgreSQL did not start. Read {self.log}, mend the cause and run `hasivu-play sandbox up` again. "
                f"It ends with:\n{log_tail(self.log)}"
            )

    def clear_leftovers(self) -> None:
        """Remove the pid file of a server that was killed, once the last of its processes is gone.

        PostgreSQL does so by itself, unless the killed server is a zombie that nobody has collected yet.
        """
        process = self.process()
        if process and not process.alive() and wait_until(lambda: not works_in(self.data.resolve()), LEFTOVER_SECONDS):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def command(self, settings: Mapping[str, str]) -> list[str]:
        """Return the command that starts the server with some settings changed."""
        options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        postgres = str(programs.programs_directory() / "postgres")
        return [*programs.command_prefix(), postgres, "-D", str(self.data), "-p", str(self.port), *options]

    def stop(self) -> None:
        """Stop the server: sessions are ended, the data is written; a server that hangs is ended hard."""
        process = self.process()
        if process is not None:
            process.stop(signal.SIGINT, STOP_SECONDS, last=signal.SIGQUIT)

    def answers(self) -> bool:
        """Say whether the server answers a query."""
        import psycopg

        try:
            with self.connect(connect_timeout=2) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.Error:
            return False

    def connect(self, database: str = "postgres", **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a session of the superuser in which each statement commits by itself."""
        # Imported where it is used: a sandbox that is already up must not pay for it.
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=self.password_file.read_text(encoding="utf-8"),
            dbname=database,
            autocommit=True,
            **options,
        )


def run_program(*command: str | Path) -> None:
    """Run a PostgreSQL program to its end, as a user that it accepts."""
    arguments = [*programs.command_prefix(), *map(str, command)]
    done = subprocess.run(arguments, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise StoppedError(
            f"{Path(str(command[0])).name} failed: {done.stderr.strip()}. Mend the cause and try again; "
            "`hasivu-play sandbox reset` starts from nothing."
        )
