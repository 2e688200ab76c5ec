"""A Kubernetes of the sandbox for each test worker, started the way the supervisor starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config

from hasivu_play.sandbox.kubernetes import seed
from hasivu_play.sandbox.layout import Layout

DATABASE = {"host": "127.0.0.1", "port": 54321, "database": "hasivu_sandbox"}


class Emulator:
    """A server process, its folder and clients of it."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)
        self.directory = self.layout.part("kubernetes")
        self.layout.credential("database_hasivu_app_a").write_text("a-password")
        self.layout.credential("redis").write_text("a-token")
        self.layout.credential("access_key_reports").write_text(
            '{"access_key_id": "AKIA", "secret_access_key": "a-key"}'
        )
        self.layout.write_endpoints({"postgresql": DATABASE})
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def kubeconfig(self) -> Path:
        return self.layout.credential("kubeconfig")

    @property
    def token(self) -> str:
        return str(json.loads(self.kubeconfig.read_text())["users"][0]["user"]["token"])

    def start(self) -> None:
        command = [sys.executable, "-m", "hasivu_play.sandbox.kubernetes", str(self.directory), str(self.port)]
        with (self.directory / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
        wait_until(self.is_healthy, "the server did not become healthy", seconds=90)

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_health", timeout=10) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the server, well before a watch that is open would end by itself."""
        assert self.process
        os.kill(self.process.pid, number)
        self.process.wait(timeout=60)

    def api(self) -> client.ApiClient:
        connection = config.new_client_from_config(config_file=str(self.kubeconfig), context="sandbox")
        connection.user_agent = "kubernetes-test"
        return connection

    def requests(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.directory / "requests.jsonl").read_text().splitlines()]

    def faults(self, **faults: object) -> None:
        path = self.directory / "faults.json"
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(faults))
        draft.replace(path)

    def no_faults(self) -> None:
        (self.directory / "faults.json").unlink(missing_ok=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(is_reached: Any, failure: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_reached():
        assert time.monotonic() < end, failure
        time.sleep(0.05)


@pytest.fixture(scope="session")
def kubernetes_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A seeded server."""
    emulator = Emulator(tmp_path_factory.mktemp("sandbox"))
    emulator.start()
    seed(emulator.layout)
    yield emulator
    emulator.stop()


@pytest.fixture
def emulator(kubernetes_process: Emulator) -> Iterator[Emulator]:
    """The seeded server; faults that a test sets end with it."""
    yield kubernetes_process
    kubernetes_process.no_faults()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Emulator]:
    """A server of one test's own, not started and not seeded."""
    emulator = Emulator(tmp_path / "sandbox")
    yield emulator
    if emulator.process and emulator.process.poll() is None:
        emulator.stop(signal.SIGKILL)


@pytest.fixture
def core(emulator: Emulator) -> client.CoreV1Api:
    return client.CoreV1Api(emulator.api())


@pytest.fixture
def apps(emulator: Emulator) -> client.AppsV1Api:
    return client.AppsV1Api(emulator.api())


@pytest.fixture
def namespace(core: client.CoreV1Api) -> Iterator[str]:
    """A namespace of a test's own."""
    name = f"try-{uuid.uuid4().hex[:8]}"
    core.create_namespace({"metadata": {"name": name}})
    yield name
    core.delete_namespace(name)
