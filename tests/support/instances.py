"""The database instances of a sandbox's RDS, as an operator and as a client of PostgreSQL see them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from botocore.exceptions import ClientError

from support.aws import client
from support.sandbox import Sandbox

PATIENCE_SECONDS = 120
POLL_SECONDS = 0.05
DATABASE_GROUP, FENCE_GROUP = "sg-0da7aba5e00000001", "sg-0fe4ce0000000001"


class Instances:
    """The instances of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Ask as the operator."""
        self.sandbox = sandbox
        self.rds = client(sandbox, "rds")

    def show(self, name: str) -> dict[str, Any]:
        """Return an instance as RDS shows it."""
        found: dict[str, Any] = self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
        return found

    def names(self) -> set[str]:
        """Return every identifier."""
        return {one["DBInstanceIdentifier"] for one in self.rds.describe_db_instances()["DBInstances"]}

    def wait(self, name: str, *states: str) -> None:
        """Wait until an instance is in one of some states; `gone` is one."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (status := self.status(name)) not in states:
            assert time.monotonic() < deadline, status
            time.sleep(POLL_SECONDS)

    def status(self, name: str) -> str:
        """Return the status of an instance."""
        try:
            return str(self.show(name)["DBInstanceStatus"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "DBInstanceNotFound":
                raise
            return "gone"

    def rows(self, name: str, query: str, user: str = "postgres", password: str | None = None) -> list[Any]:
        """Return the rows of a query at the server of an instance."""
        with self.connect(name, user, password) as connection:
            found = connection.execute(query.encode())
            return found.fetchall() if found.description else []

    def connect(self, name: str, user: str = "postgres", password: str | None = None) -> psycopg.Connection[Any]:
        """Log in at the server of an instance."""
        where = self.show(name)["Endpoint"]
        secret = "database_admin" if user == "postgres" else f"database_{user}"
        return psycopg.connect(
            host=where["Address"],
            port=where["Port"],
            user=user,
            password=password or self.sandbox.credential(secret),
            dbname="hasivu_sandbox",
            autocommit=True,
        )

    def lets_in(self, name: str, user: str, password: str | None = None) -> bool:
        """Tell whether the server of an instance lets a role in."""
        try:
            self.connect(name, user, password).close()
        except psycopg.OperationalError:
            return False
        return True

    def remove(self, name: str) -> None:
        """Delete an instance with its backups, and wait until it is gone."""
        self.wait(name, "available", "stopped", "gone", "failed", "incompatible-restore")
        if self.status(name) == "gone":
            return
        if self.show(name)["DeletionProtection"]:
            self.rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
        self.rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        self.wait(name, "gone")


@contextmanager
def faults(sandbox: Sandbox, **wanted: Any) -> Iterator[None]:
    """Let states of instances pass quickly, with some faults of the emulator besides, and clear all afterwards."""
    path = Path(sandbox.home) / "sandbox" / "aws" / "faults.json"
    path.write_text(json.dumps({"rds_step_seconds": 0.1, "rds_upload_seconds": 0.5, **wanted}))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
