"""The companions answer as the documentation of PagerDuty, Razorpay and Grafana says, and keep what they are told."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FROM = {"From": "ops@hasivu.edu.in"}
SERVICE = {"id": "PHSVS01", "type": "service_reference"}


@dataclass
class Companions:
    """A running process of the companions, and a client for each."""

    root: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def directory(self) -> Path:
        return self.root / "companions"

    def credential(self, name: str) -> str:
        return (self.root / "credentials" / name).read_text()

    def call(self, path: str, body: object = None, method: str = "GET", **headers: str) -> tuple[int, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method, headers=headers)
        if body is not None:
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def pagerduty(self, path: str, body: object = None, method: str = "GET", **headers: str) -> tuple[int, Any]:
        token = {"Authorization": f"Token token={self.credential('pagerduty_token')}"}
        return self.call(f"/pagerduty{path}", body, method, **{**token, **headers})

    def razorpay(self, path: str) -> tuple[int, Any]:
        key = base64.b64encode(self.credential("razorpay_key").encode()).decode()
        return self.call(f"/razorpay{path}", Authorization=f"Basic {key}")

    def grafana(self, path: str, body: object = None, method: str = "GET") -> tuple[int, Any]:
        return self.call(f"/grafana{path}", body, method, Authorization=f"Bearer {self.credential('grafana_token')}")

    def open_incident(self, title: str, **more: object) -> dict[str, Any]:
        content = {"incident": {"type": "incident", "title": title, "service": SERVICE, **more}}
        status, answer = self.pagerduty("/incidents", content, "POST", **FROM)
        assert status == 201
        return dict(answer["incident"])

    def titles(self, **filters: str | list[str]) -> set[str]:
        query = urllib.parse.urlencode({"limit": "100", **filters}, doseq=True)
        return {incident["title"] for incident in self.pagerduty(f"/incidents?{query}")[1]["incidents"]}

    def set_faults(self, faults: dict[str, Any]) -> None:
        (self.directory / "faults.json").write_text(json.dumps(faults))

    def requests(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.directory / "requests.jsonl").read_text().splitlines()]


def start(root: Path, port: int) -> Companions:
    directory = root / "companions"
    directory.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "hasivu_play.sandbox.companions", str(directory), str(port)]
    companions = Companions(root, port, subprocess.Popen(command))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if companions.call("/_health")[0] == 200:
                return companions
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the companions did not become healthy")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def companions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companions]:
    running = start(tmp_path_factory.mktemp("sandbox"), free_port())
    yield running
    running.process.kill()
    running.process.wait()


@pytest.fixture
def faults(companions: Companions) -> Iterator[Companions]:
    yield companions
    (companions.directory / "faults.json").unlink(missing_ok=True)


def test_credentials_are_made_and_private(companions: Companions) -> None:
    for name in ("pagerduty_token", "pagerduty_routing_key", "razorpay_key", "grafana_token"):
        path = companions.root / "credentials" / name
        assert path.stat().st_mode & 0o077 == 0
        assert len(path.read_text().strip()) >= 32


def test_credentials_are_not_in_the_command_line_or_environment(companions: Companions) -> None:
    known = Path(f"/proc/{companions.process.pid}/cmdline").read_bytes()
    known += Path(f"/proc/{companions.process.pid}/environ").read_bytes()
    assert companions.credential("pagerduty_token").encode() not in known


@pytest.mark.parametrize(
    ("path", "header", "content"),
    [
        ("/pagerduty/incidents", "Token token=wrong", {"error": {"message": "Authentication failed", "code": 2006}}),
        ("/pagerduty/incidents", "Bearer wrong", {"error": {"message": "Authentication failed", "code": 2006}}),
        ("/grafana/api/annotations", "Bearer wrong", {"message": "Invalid API key"}),
    ],
)
def test_a_wrong_token_is_refused(companions: Companions, path: str, header: str, content: dict[str, Any]) -> None:
    assert companions.call(path, Authorization=header) == (401, content)


def test_razorpay_refuses_a_wrong_key_in_its_own_words(companions: Companions) -> None:
    status, answer = companions.call("/razorpay/v1/payments", Authorization="Basic d3Jvbmc6d3Jvbmc=")
    assert status == 401
    assert answer["error"]["code"] == "BAD_REQUEST_ERROR"
    assert answer["error"]["description"] == "Authentication failed"


def test_an_incident_is_opened_acknowledged_and_resolved(companions: Companions) -> None:
    incident = companions.open_incident("Orders are slow", priority={"id": "PHSVP01", "type": "priority_reference"})
    assert (incident["status"], incident["urgency"], incident["priority"]["summary"]) == ("triggered", "high", "P1")
    for status in ("acknowledged", "resolved"):
        change = {"incident": {"type": "incident_reference", "status": status}}
        code, answer = companions.pagerduty(f"/incidents/{incident['id']}", change, "PUT", **FROM)
        assert (code, answer["incident"]["status"]) == (200, status)
    code, answer = companions.pagerduty(f"/incidents/{incident['id']}", change, "PUT", **FROM)
    assert (code, answer["error"]["errors"]) == (400, ["Incident Already Resolved"])


def test_a_change_needs_a_known_user_in_the_from_header(companions: Companions) -> None:
    content = {"incident": {"type": "incident", "title": "Unsigned", "service": SERVICE}}
    status, answer = companions.pagerduty("/incidents", content, "POST")
    assert (status, answer["error"]["code"]) == (400, 2016)
    status, answer = companions.pagerduty("/incidents", content, "POST", From="nobody@example.com")
    assert (status, answer["error"]["code"]) == (400, 1008)
    assert "Unsigned" not in companions.titles()


@pytest.mark.parametrize(
    "wrong",
    [{"title": ""}, {"service": {"id": "P0"}}, {"service": "PHSVS01"}, {"urgency": "huge"}, {"priority": {"id": "P9"}}],
)
def test_an_incident_that_pagerduty_would_not_take_is_refused(companions: Companions, wrong: dict[str, Any]) -> None:
    content = {"incident": {"type": "incident", "title": "Broken", "service": SERVICE, **wrong}}
    status, answer = companions.pagerduty("/incidents", content, "POST", **FROM)
    assert (status, answer["error"]["code"]) == (400, 2001)


def test_an_open_incident_with_the_same_key_is_refused(companions: Companions) -> None:
    companions.open_incident("First of its key", incident_key="same")
    content = {"incident": {"type": "incident", "title": "Second", "service": SERVICE, "incident_key": "same"}}
    status, answer = companions.pagerduty("/incidents", content, "POST", **FROM)
    assert status == 400
    assert answer["error"]["errors"] == ["Open incident with matching dedup key already exists on this service"]


def test_incidents_are_filtered(companions: Companions) -> None:
    companions.open_incident("Low and slow", urgency="low", service={"id": "PHSVS02", "type": "service_reference"})
    assert "Low and slow" in companions.titles(**{"statuses[]": ["triggered", "acknowledged"]})
    assert "Low and slow" not in companions.titles(**{"statuses[]": "resolved"})
    assert "Low and slow" not in companions.titles(**{"urgencies[]": "high"})
    assert companions.titles(**{"service_ids[]": "PHSVS02"}) == {"Low and slow"}
    assert "Low and slow" not in companions.titles(until="2020-01-01T00:00:00Z", since="2019-01-01T00:00:00Z")


def test_incidents_come_in_pages(companions: Companions) -> None:
    for number in range(3):
        companions.open_incident(f"Page {number}", incident_key=f"page-{number}")
    _, first = companions.pagerduty("/incidents?limit=2&total=true")
    assert (len(first["incidents"]), first["more"], first["offset"]) == (2, True, 0)
    _, last = companions.pagerduty(f"/incidents?limit=2&offset={first['total'] - 1}")
    assert (len(last["incidents"]), last["more"], last["total"]) == (1, False, None)


@pytest.mark.parametrize(
    "query", ["limit=101", "limit=0", "limit=x", "statuses[]=open", "since=yesterday", "sort_by=x"]
)
def test_a_query_that_pagerduty_would_not_take_is_refused(companions: Companions, query: str) -> None:
    status, answer = companions.pagerduty(f"/incidents?{query}")
    assert (status, answer["error"]["code"]) == (400, 2001)


def test_events_open_and_resolve_an_incident(companions: Companions) -> None:
    event = {
        "routing_key": companions.credential("pagerduty_routing_key"),
        "event_action": "trigger",
        "dedup_key": "disk",
        "payload": {"summary": "Disk is full", "source": "db-1", "severity": "critical"},
    }
    for _ in range(2):
        status, answer = companions.call("/pagerduty/v2/enqueue", event, "POST")
        assert (status, answer["status"], answer["dedup_key"]) == (202, "success", "disk")
    assert len(companions.pagerduty("/incidents?incident_key=disk")[1]["incidents"]) == 1
    companions.call("/pagerduty/v2/enqueue", {**event, "event_action": "resolve"}, "POST")
    assert "Disk is full" in companions.titles(**{"statuses[]": "resolved"})


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"routing_key": "0" * 32}, "Invalid routing key"),
        ({"event_action": "close"}, "'event_action' must be one of [trigger acknowledge resolve]"),
        ({"payload": {"summary": "x", "source": "y"}}, "'payload.severity' is missing or blank"),
    ],
)
def test_a_broken_event_is_refused(companions: Companions, change: dict[str, Any], error: str) -> None:
    event = {"routing_key": companions.credential("pagerduty_routing_key"), "event_action": "trigger", **change}
    status, answer = companions.call("/pagerduty/v2/enqueue", event, "POST")
    assert status == 400
    assert (answer["status"], answer["errors"]) == ("invalid event", [error])


def test_somebody_is_on_call(companions: Companions) -> None:
    _, answer = companions.pagerduty("/oncalls")
    assert [entry["escalation_level"] for entry in answer["oncalls"]] == [1]


def test_payments_come_newest_first_and_in_pages(companions: Companions) -> None:
    _, first = companions.razorpay("/v1/payments")
    _, second = companions.razorpay("/v1/payments?count=100&skip=10")
    times = [payment["created_at"] for payment in first["items"] + second["items"]]
    assert (first["entity"], first["count"], second["count"]) == ("collection", 10, 100)
    assert times == sorted(times, reverse=True)
    assert len({payment["id"] for payment in first["items"] + second["items"]}) == 110


def test_payments_are_limited_to_a_range(companions: Companions) -> None:
    _, newest = companions.razorpay("/v1/payments?count=20")
    begin, end = newest["items"][9]["created_at"], newest["items"][2]["created_at"]
    _, answer = companions.razorpay(f"/v1/payments?from={begin}&to={end}")
    assert answer["items"] == newest["items"][2:10]


def test_a_payment_is_read_by_its_id(companions: Companions) -> None:
    payment = companions.razorpay("/v1/payments?count=1")[1]["items"][0]
    assert companions.razorpay(f"/v1/payments/{payment['id']}") == (200, payment)
    status, answer = companions.razorpay("/v1/payments/pay_none")
    assert (status, answer["error"]["description"]) == (400, "The id provided does not exist")


def test_the_payments_of_seeded_orders_are_reckoned_alike_by_time_and_by_id(companions: Companions) -> None:
    newest = companions.razorpay("/v1/payments?count=1")[1]["items"][0]
    day = [
        payment
        for skip in range(0, 3000, 100)
        for payment in companions.razorpay(f"/v1/payments?from={newest['created_at'] - 86400}&count=100&skip={skip}")[
            1
        ]["items"]
    ]
    assert len(day) == len({payment["id"] for payment in day}) in range(2270, 2285)
    order = int(newest["notes"]["order_id"])
    assert newest["id"] == "pay_" + hashlib.md5(str(order).encode()).hexdigest()[:14]
    assert newest["amount"] == 4500 * (1 + order % 3)


def test_what_families_pay_is_kept_once(companions: Companions) -> None:
    now = int(time.time())
    payment = {"id": "pay_Family00000001", "amount": 4500, "created_at": now, "notes": {"order_id": 7}}
    key = base64.b64encode(companions.credential("razorpay_key").encode()).decode()
    for body in ({"payments": [payment]}, {"payments": [{**payment, "amount": 1}]}):
        status, _ = companions.call("/razorpay/_checkout", body, "POST", Authorization=f"Basic {key}")
        assert status == 200
    _, listed = companions.razorpay(f"/v1/payments?from={now}&to={now}")
    (kept,) = [one for one in listed["items"] if one["id"] == payment["id"]]
    assert (kept["amount"], kept["status"], kept["notes"]) == (4500, "captured", {"order_id": "7"})
    assert companions.call("/razorpay/_checkout", {"payments": [{}]}, "POST", Authorization=f"Basic {key}")[0] == 400
    assert companions.call("/razorpay/_checkout", {"payments": []}, "POST")[0] == 401


@pytest.mark.parametrize("query", ["count=101", "count=0", "from=1", "skip=-1", "colour=red"])
def test_a_query_that_razorpay_would_not_take_is_refused(companions: Companions, query: str) -> None:
    status, answer = companions.razorpay(f"/v1/payments?{query}")
    assert (status, answer["error"]["code"]) == (400, "BAD_REQUEST_ERROR")


def test_grafana_is_healthy_without_a_token(companions: Companions) -> None:
    status, answer = companions.call("/grafana/api/health")
    assert (status, answer["database"]) == (200, "ok")


def test_dashboards_are_read_by_their_uid(companions: Companions) -> None:
    _, answer = companions.grafana("/api/dashboards/uid/hasivu-application")
    assert answer["dashboard"]["title"] == "HASIVU Application"
    assert companions.grafana("/api/dashboards/uid/none") == (404, {"message": "Dashboard not found"})


def test_annotations_are_kept_and_found_by_tag(companions: Companions) -> None:
    note = {"text": "weekly-db began", "tags": ["hasivu-play", "weekly-db"]}
    status, answer = companions.grafana("/api/annotations", note, "POST")
    assert (status, answer["message"]) == (200, "Annotation added")
    _, found = companions.grafana("/api/annotations?tags=weekly-db")
    assert [entry["text"] for entry in found] == ["weekly-db began"]
    assert companions.grafana("/api/annotations?tags=other")[1] == []
    assert companions.grafana("/api/annotations", {"tags": []}, "POST")[0] == 400


@pytest.mark.parametrize(
    ("companion", "path"), [("pagerduty", "/teams"), ("razorpay", "/v1/orders"), ("grafana", "/api/search")]
)
def test_what_is_not_emulated_fails_loudly(companions: Companions, companion: str, path: str) -> None:
    status, answer = getattr(companions, companion)(path)
    assert status == 501
    assert f"does not emulate GET /{companion}{path}" in json.dumps(answer)


def test_pagerduty_is_down_on_demand_and_comes_back(faults: Companions) -> None:
    faults.set_faults({"pagerduty_down": True})
    assert faults.pagerduty("/incidents")[0] == 503
    assert faults.razorpay("/v1/payments")[0] == 200
    faults.set_faults({})
    assert faults.pagerduty("/incidents")[0] == 200


def test_the_incident_of_a_fault_is_open_until_the_fault_is_cleared(faults: Companions) -> None:
    faults.set_faults({"open_incident": {"priority": "P1", "title": "Payments fail"}})
    _, answer = faults.pagerduty("/incidents?statuses[]=triggered&limit=100")
    found = [incident for incident in answer["incidents"] if incident["title"] == "Payments fail"]
    assert [incident["priority"]["summary"] for incident in found] == ["P1"]
    faults.set_faults({})
    assert "Payments fail" not in faults.titles(**{"statuses[]": ["triggered", "acknowledged"]})


def test_each_request_is_logged_with_its_service_and_whether_it_changes(companions: Companions) -> None:
    before = len(companions.requests())
    companions.pagerduty("/incidents/Q0", **{"User-Agent": "hasivu-play/test"})
    companions.open_incident("Logged")
    companions.call("/_health")
    read, write = companions.requests()[before:]
    assert (read["service"], read["action"], read["changing"], read["status"], read["client"]) == (
        "pagerduty",
        "GET /incidents/{id}",
        False,
        404,
        "hasivu-play/test",
    )
    assert (write["action"], write["changing"], write["status"]) == ("POST /incidents", True, 201)


def test_a_restart_keeps_incidents_annotations_and_payments(tmp_path: Path) -> None:
    first = start(tmp_path, free_port())
    first.open_incident("Before the crash")
    payments = first.razorpay("/v1/payments")
    first.process.kill()
    first.process.wait()
    second = start(tmp_path, first.port)
    try:
        assert second.titles() == {"Before the crash"}
        assert second.razorpay("/v1/payments") == payments
        os.kill(second.process.pid, signal.SIGTERM)
        assert second.process.wait(timeout=60) == 0
    finally:
        second.process.kill()
        second.process.wait()
