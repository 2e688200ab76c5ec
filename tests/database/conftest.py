"""One throwaway PostgreSQL server per test worker, and a fresh database per test."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

HERE = Path(__file__).parent
NUMBERS = itertools.count(1)


def load(name: str) -> Any:
    """Import a helper beside this file under a name of its own, for these folders are no packages."""
    specification = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


throwaway = sys.modules.get("throwaway") or load("throwaway")
restoring = sys.modules.get("restoring") or load("restoring")


@dataclass(frozen=True)
class Database:
    """A database of the throwaway server that only this test uses."""

    server: Any
    name: str

    def login(self, user: str = "postgres", password: str | None = None) -> dict[str, Any]:
        """Return the login as our modules name its options."""
        login: dict[str, Any] = self.server.login(self.name, user, password)
        return login

    def connect(self, **options: Any) -> psycopg.Connection[dict[str, Any]]:
        """Open a session of the superuser."""
        connection: psycopg.Connection[dict[str, Any]] = self.server.connect(self.name, **options)
        return connection


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run PostgreSQL 18 from the wheel for this worker's tests."""
    server = throwaway.create_server(tmp_path_factory.mktemp("postgresql"))
    yield server
    server.stop()


@pytest.fixture
def database(postgresql_server: Any) -> Iterator[Database]:
    """Create a database for one test, and drop it with whoever is still in it."""
    yield from fresh_database(postgresql_server)


def fresh_database(server: Any) -> Iterator[Database]:
    """Create a database and drop it afterwards."""
    name = f"test_{next(NUMBERS)}"
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield Database(server, name)
    with server.connect() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run a server and a copy that was restored from it; the last test that uses them damages the copy."""
    folder = tmp_path_factory.mktemp("restored")
    (folder / "old").mkdir()
    old = throwaway.create_server(folder / "old", shared_buffers="32MB")
    try:
        made = restoring.restore(folder / "copy", old)
        try:
            yield made
        finally:
            made.restored.stop()
    finally:
        old.stop()


@dataclass(frozen=True)
class Role:
    """A login without any right."""

    name: str
    password: str


@pytest.fixture
def role(database: Database) -> Iterator[Role]:
    """Create a login that owns nothing, and drop it with its rights."""
    role = Role(f"role_{database.name}", "no-secret-of-anybody")
    with database.connect() as session:
        session.execute(f"CREATE ROLE {role.name} LOGIN PASSWORD '{role.password}'")
    yield role
    with database.connect() as session:
        session.execute(f"DROP OWNED BY {role.name}")
        session.execute(f"DROP ROLE {role.name}")
