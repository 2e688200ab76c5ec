"""The front door speaks real TLS with the certificate of each name, and its zone answers as DNS does."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.resolver
import pytest
from cryptography import x509

from hasivu_play.sandbox.edge.certificates import bundle, key_file, make_certificates, public_file
from hasivu_play.sandbox.edge.names import EVERY, SERVED, host_of, validation_record
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.waiting import wait_until


@dataclass
class FrontDoor:
    """A running front door, and what a client sees of it."""

    layout: Layout
    port: int
    process: subprocess.Popen[bytes]

    def connect(self, name: str, trust: bool = True) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(bundle(self.layout)))
        if not trust:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        bare = socket.create_connection(("127.0.0.1", self.port), 5)
        return context.wrap_socket(bare, server_hostname=host_of(name))

    def served(self, name: str) -> x509.Certificate:
        with self.connect(name, trust=False) as connection:
            return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")

    def answers(self) -> bool:
        try:
            self.connect("app").close()
        except OSError:
            return False
        return True

    def set_faults(self, **faults: object) -> None:
        (self.layout.part("edge") / "faults.json").write_text(json.dumps(faults))

    def ask(self, name: str, kind: str) -> list[str]:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port, resolver.lifetime = ["127.0.0.1"], self.port, 5
        return sorted(str(record) for record in resolver.resolve(name, kind))


def start(root: Path, port: int) -> FrontDoor:
    layout = Layout(root)
    make_certificates(layout)
    command = [sys.executable, "-m", "hasivu_play.sandbox.edge", str(layout.part("edge")), str(port)]
    with (layout.part("edge") / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    door = FrontDoor(layout, port, process)
    assert wait_until(door.answers, 40), (layout.part("edge") / "server.log").read_text()
    return door


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontDoor]:
    door = start(tmp_path_factory.mktemp("edge") / "sandbox", free_port())
    yield door
    door.process.send_signal(signal.SIGTERM)
    assert door.process.wait(60) == 0


@pytest.fixture
def door(running: FrontDoor) -> Iterator[FrontDoor]:
    yield running
    running.set_faults()


@pytest.mark.parametrize("name", ["app", "api", "admin", "www", "reports"])
def test_a_client_that_trusts_the_root_is_let_in(door: FrontDoor, name: str) -> None:
    with door.connect(name) as connection:
        assert connection.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("partners", "certificate has expired"),
        ("legacy", "unable to get local issuer certificate"),
        ("kiosk", "Hostname mismatch"),
    ],
)
def test_a_client_refuses_what_is_wrong(door: FrontDoor, name: str, says: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=says):
        door.connect(name)


def test_the_certificate_of_admin_ends_in_nine_days(door: FrontDoor) -> None:
    left = door.served("admin").not_valid_after_utc - datetime.now(UTC)
    assert timedelta(days=9) < left < timedelta(days=10)


def test_a_name_that_is_not_served_is_refused(door: FrontDoor) -> None:
    with pytest.raises(OSError, match=r"(?i)unrecognized|eof|reset"):
        door.connect("nobody", trust=False)


def test_an_endpoint_serves_the_old_certificate_until_it_is_reloaded(door: FrontDoor) -> None:
    renewed = door.served("api")
    door.set_faults(old=["api"])
    old = door.served("api")
    assert old.not_valid_after_utc < renewed.not_valid_after_utc
    door.set_faults()
    assert door.served("api") == renewed


def test_a_certificate_that_is_replaced_is_served_at_once(door: FrontDoor) -> None:
    before = door.served("admin")
    files = [(public_file, ".pem"), (key_file, ".key")]
    kept = {place(door.layout, "admin"): place(door.layout, "admin").read_text() for place, _ in files}
    for place, _ in files:
        place(door.layout, "admin").write_text(place(door.layout, "api").read_text())
    try:
        assert door.served("admin") == door.served("api") != before
    finally:
        for path, text in kept.items():
            path.write_text(text)


def test_requests_go_to_the_application(door: FrontDoor) -> None:
    """Without an application the answer is 502 and not a health of the front door's own."""
    connection = http.client.HTTPConnection(host_of("api"), door.port, timeout=60)
    connection.sock = door.connect("api")
    connection.request("GET", "/health")
    assert connection.getresponse().status == 502


def test_keys_are_for_the_owner_only_and_nowhere_else(door: FrontDoor) -> None:
    for name in EVERY:
        assert stat.S_IMODE(key_file(door.layout, name).stat().st_mode) == 0o600
    public = [path for path in (door.layout.root / "edge").rglob("*") if path.is_file()]
    assert len(public) > len(SERVED)
    assert not [path for path in public if b"PRIVATE KEY" in path.read_bytes()]


def test_the_zone_has_the_record_of_one_name_and_not_of_the_other(door: FrontDoor) -> None:
    owner, target = validation_record("www")
    assert door.ask(owner, "CNAME") == [target]
    with pytest.raises(dns.resolver.NXDOMAIN):
        door.ask(validation_record("reports")[0], "CNAME")
    assert door.ask("hasivu.edu.in", "CAA") == ['0 issue "amazon.com"', '0 issue "letsencrypt.org"']
    with pytest.raises(dns.resolver.NoAnswer):
        door.ask("sandbox.hasivu.edu.in", "CAA")
    with pytest.raises(dns.resolver.NoNameservers):
        door.ask("example.org", "A")


def test_records_are_removed_and_changed_on_demand(door: FrontDoor) -> None:
    door.set_faults(records_removed=["www"], caa=["letsencrypt.org"])
    with pytest.raises(dns.resolver.NXDOMAIN):
        door.ask(validation_record("www")[0], "CNAME")
    assert door.ask("hasivu.edu.in", "CAA") == ['0 issue "letsencrypt.org"']


def test_a_record_that_is_made_stands_in_the_zone(door: FrontDoor) -> None:
    file = door.layout.part("edge") / "zone.json"
    file.write_text(json.dumps({"validated": ["www", "reports"]}))
    try:
        for name in ("www", "reports"):
            owner, target = validation_record(name)
            assert door.ask(owner, "CNAME") == [target]
    finally:
        file.unlink()


def test_a_front_door_that_was_killed_comes_back_with_its_certificates(tmp_path: Path) -> None:
    door = start(tmp_path / "sandbox", free_port())
    before = door.served("app")
    os.kill(door.process.pid, signal.SIGKILL)
    door.process.wait()
    again = start(tmp_path / "sandbox", door.port)
    try:
        assert again.served("app") == before
    finally:
        again.process.kill()
        again.process.wait()
