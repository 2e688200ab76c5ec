"""A sandbox as a test sees it: commands to run against it, and every way to look at its world from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from kubernetes import client, config
from psycopg.rows import dict_row

PROJECT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Sandbox:
    """One sandbox with a state folder of its own."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of its commands."""
        path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "HASIVU_PLAY_HOME": str(self.home), "PATH": path, "NO_COLOR": "1"}

    def play(self, *arguments: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """Run hasivu-play as a user would, and return how it ended."""
        return subprocess.run(
            [PROGRAMS / "hasivu-play", *arguments],
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def run(self, procedure: str, *arguments: str, timeout: float = 240) -> dict[str, Any]:
        """Run a procedure with --json and return what it printed."""
        done = self.play("run", procedure, "--json", *arguments, timeout=timeout)
        try:
            result: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"exit {done.returncode}\n{done.stdout}\n{done.stderr}") from None
        assert result["exit_code"] == done.returncode
        return {**result, "stderr": done.stderr}

    def ansible_playbook(
        self, *arguments: str, settings: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run bare ansible-playbook from the folder of the project."""
        return subprocess.run(
            [PROGRAMS / "ansible-playbook", *arguments],
            env={**self.environment, **(settings or {})},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        """Return the contract of `sandbox status --json`."""
        status: dict[str, Any] = json.loads(self.play("sandbox", "status", "--json").stdout)
        return status

    def endpoints(self) -> dict[str, Any]:
        """Return the addresses of the parts."""
        endpoints: dict[str, Any] = json.loads((self.home / "sandbox" / "endpoints.json").read_text())
        return endpoints

    def credential(self, name: str) -> str:
        """Return a secret of the sandbox."""
        return (self.home / "sandbox" / "credentials" / name).read_text()

    def secrets(self) -> dict[str, str]:
        """Return every password and token by name."""
        folder = self.home / "sandbox" / "credentials"
        names = [path.name for path in folder.iterdir() if path.name.startswith(("database_", "redis"))]
        tokens = [path.name for path in folder.iterdir() if path.name.endswith("_token")]
        return {name: self.credential(name) for name in [*names, *tokens]}

    @contextmanager
    def database(self, user: str = "postgres", autocommit: bool = True) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """Open a session of the database; the superuser's by default."""
        where = self.endpoints()["postgresql"]
        secret = "database_admin" if user == "postgres" else f"database_{user}"
        with psycopg.connect(
            host=where["host"],
            port=where["port"],
            dbname=where["database"],
            user=user,
            password=self.credential(secret),
            sslmode="disable",
            autocommit=autocommit,
            row_factory=dict_row,
        ) as connection:
            yield connection

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Return the rows of a query that the superuser asks."""
        with self.database() as connection:
            return connection.execute(query, parameters or None).fetchall()

    def value(self, query: str, *parameters: Any) -> Any:
        """Return the one value of a query that the superuser asks."""
        (row,) = self.rows(query, *parameters)
        (value,) = row.values()
        return value

    def requests(self, part: str) -> list[dict[str, Any]]:
        """Return every request that an HTTP part has logged."""
        log = self.home / "sandbox" / part / "requests.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()]

    def runs(self) -> list[Path]:
        """Return the folders of the records, oldest first."""
        return sorted((self.home / "runs").glob("*"))

    def manifest(self, run: str) -> dict[str, Any]:
        """Return the manifest of a run."""
        manifest: dict[str, Any] = json.loads((self.home / "runs" / run / "manifest.json").read_text())
        return manifest


def start_and_stop(started: Sandbox) -> Iterator[Sandbox]:
    """Start a sandbox, and stop it at the end; also what began of one that could not start as a whole."""
    try:
        up = started.play("sandbox", "up")
        assert up.returncode == 0, up.stdout + up.stderr
        yield started
    finally:
        down = started.play("sandbox", "down")
        assert down.returncode == 0, down.stdout + down.stderr


def lease(sandbox: Sandbox) -> dict[str, Any]:
    """Return the Lease of the database as the API server has it."""
    api = config.new_client_from_config(str(sandbox.home / "sandbox" / "credentials" / "kubeconfig"))
    found = client.CoordinationV1Api(api).read_namespaced_lease("hasivu-ops-database-hasivu", "hasivu")
    result: dict[str, Any] = api.sanitize_for_serialization(found)
    result["spec"].setdefault("holderIdentity", "")
    return result
