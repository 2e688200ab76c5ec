"""A started AWS emulator for contract tests, and clients that talk to it as playbooks do."""

import configparser
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from hasivu_play.sandbox.base_backup import started
from hasivu_play.sandbox.layout import Layout, write_private

ONE_ATTEMPT = Config(retries={"total_max_attempts": 1})
PASSWORDS = {
    "hasivu_admin": "sixth-secret-of-the-test",
    "hasivu_app_a": "first-secret-of-the-test",
    "hasivu_maint": "second-secret-of-the-test",
    "hasivu_monitor": "third-secret-of-the-test",
    "hasivu_rotator": "fourth-secret-of-the-test",
}
REPORTS_KEY = {"access_key_id": "AKIATHEKEYOFREPORTSX", "secret_access_key": "fourth-secret-of-the-test"}
OTHER_SECRETS = {
    "database_admin": "fifth-secret-of-the-test",
    "redis": "first-token-of-the-test",
    "redis_admin": "third-secret-of-the-test",
    "access_key_reports": json.dumps(REPORTS_KEY),
}
FIRST_BACKUP = "20261101T220000Z"
PARTS = {"postgresql": {"host": "127.0.0.1", "port": 54321}, "redis": {"host": "127.0.0.1", "port": 63791}}


class Emulator:
    """The emulator of one sandbox folder."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)
        self.directory = self.layout.part("aws")
        self.port = free_port()
        self.process = None

    def start(self) -> None:
        """Start it and wait until it is healthy."""
        with (self.directory / "server.log").open("ab") as log:
            command = [sys.executable, "-m", "hasivu_play.sandbox.aws", str(self.directory), str(self.port)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 90
        while not self.healthy():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def end(self, number: int) -> int:
        """End it with a signal and return how it ended."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def healthy(self) -> bool:
        """Ask for its health."""
        try:
            return urllib.request.urlopen(f"{self.url}/_health", timeout=10).status == 200
        except OSError:
            return False

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        """Return what it wrote."""
        return (self.directory / "server.log").read_text()

    def client(self, service: str, region: str = "ap-south-1", config: Config = ONE_ATTEMPT):
        """Return a client with the sandbox's credentials."""
        file = configparser.ConfigParser()
        file.read(self.layout.credential("aws"))
        keys = dict(file["default"])
        return boto3.client(service, region_name=region, endpoint_url=self.url, config=config, **keys)

    def requests(self) -> list[dict]:
        """Return the request log."""
        return [json.loads(line) for line in (self.directory / "requests.jsonl").read_text().splitlines()]

    def faults(self, **faults: object) -> None:
        """Set faults; none of them clears all."""
        (self.directory / "faults.json").write_text(json.dumps(faults))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepare(root: Path) -> Emulator:
    """Write what the supervisor has written before it starts the emulator, and what the first base backup leaves."""
    emulator = Emulator(root)
    for role, password in PASSWORDS.items():
        write_private(emulator.layout.credential(f"database_{role}"), password)
    for credential, secret in OTHER_SECRETS.items():
        write_private(emulator.layout.credential(credential), secret)
    emulator.layout.write_endpoints(PARTS)
    backup = emulator.layout.part("postgresql") / "base_backups" / FIRST_BACKUP
    backup.mkdir(parents=True)
    write_private(backup.with_suffix(".json"), json.dumps({"ended": started(backup)}))
    return emulator


@pytest.fixture(scope="session")
def prepare_aws():
    """Return how to prepare an emulator in a folder; it is not started yet."""
    return prepare


@pytest.fixture(scope="session")
def aws(tmp_path_factory):
    """Return an emulator that the tests of this worker share."""
    emulator = prepare(tmp_path_factory.mktemp("aws"))
    emulator.start()
    yield emulator
    emulator.end(signal.SIGTERM)


@pytest.fixture
def own_aws(tmp_path):
    """Return an emulator for a test that ends or starts it; it is not started yet."""
    emulator = prepare(tmp_path)
    yield emulator
    if emulator.process and emulator.process.poll() is None:
        emulator.end(signal.SIGKILL)


@pytest.fixture
def faults(aws):
    """Return the switch for faults; they are cleared after the test."""
    yield aws.faults
    aws.faults()


@pytest.fixture
def name():
    """Return a name that no other test uses."""
    return f"test-{os.getpid()}-{time.monotonic_ns()}"
