"""A sandbox of a benchmark's own, in a temporary folder, gone when the benchmark ends."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.clock import tell
from benchmarks.programs import PROGRAMS, PROJECT, base_environment, run
from hasivu_play.sandbox.layout import Layout

WEEKLY_DB = PROJECT / "playbooks" / "weekly-db.yml"
SUPERUSER = "postgres"
CREDENTIALS = {SUPERUSER: "database_admin"}


@dataclass(frozen=True)
class Miniature:
    """Production in miniature, and how to work with it."""

    home: Path

    @property
    def layout(self) -> Layout:
        """Return the names of the sandbox's files."""
        return Layout(self.home / "sandbox")

    @property
    def postgresql(self) -> dict[str, Any]:
        """Return where PostgreSQL is."""
        where: dict[str, Any] = self.layout.endpoints()["postgresql"]
        return where

    def environment(self, **settings: str) -> dict[str, str]:
        """Return the environment of a program that works with this sandbox and leaves nothing outside its folder."""
        return {**base_environment(), "HASIVU_PLAY_HOME": str(self.home), "TMPDIR": str(self.home), **settings}

    def play(self, *arguments: str) -> str:
        """Run hasivu-play."""
        return run(PROGRAMS / "hasivu-play", *arguments, environment=self.environment())

    def ansible_playbook(self, playbook: Path, *arguments: str, **settings: str) -> str:
        """Run bare ansible-playbook."""
        return run(PROGRAMS / "ansible-playbook", playbook, *arguments, environment=self.environment(**settings))

    def psql(self, user: str, database: str, *statements: str) -> None:
        """Run each statement with a psql of its own, as the lines of the manual do."""
        environment = self.environment(PGPASSFILE=str(self.password_file(user)))
        for statement in statements:
            run(*self.program("psql", user, database), "-qAtX", "-c", statement, environment=environment)

    def program(self, name: str, user: str, database: str) -> list[str]:
        """Return the beginning of the command line of a client of PostgreSQL."""
        where = self.postgresql
        return [f"{where['bin']}/{name}", "-h", where["host"], "-p", str(where["port"]), "-U", user, "-d", database]

    def password_file(self, user: str) -> Path:
        """Write the file from which libpq takes the password of a role, and return its path."""
        path = self.home / f"pgpass-{user}"
        path.touch(mode=0o600)
        path.write_text(f"*:*:*:{user}:{self.password(user)}\n", encoding="utf-8")
        return path

    def password(self, user: str) -> str:
        """Return the password of a role."""
        return self.layout.read_credential(CREDENTIALS.get(user, f"database_{user}"))

    @contextmanager
    def session(self, database: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """Open a session of the superuser, in which each statement commits by itself."""
        where = self.postgresql
        login = {"host": where["host"], "port": where["port"], "user": SUPERUSER, "dbname": database}
        with psycopg.connect(**login, password=self.password(SUPERUSER), autocommit=True) as connection:
            yield connection


@contextmanager
def miniature() -> Iterator[Miniature]:
    """Start a sandbox, and end it and remove it whatever happens."""
    with tempfile.TemporaryDirectory(prefix="hasivu-benchmark-") as home:
        world = Miniature(Path(home))
        tell("  starting a sandbox")
        try:
            world.play("sandbox", "up")
            yield world
        finally:
            world.play("sandbox", "down")
