"""Orders of the small HASIVU go where Kubernetes tells its pods, so that a wrong cutover is seen as failed orders."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from support.faulting import faulty
from support.sandbox import Sandbox

PATIENCE_SECONDS = 120
NAMESPACE = "/api/v1/namespaces/hasivu"
DEPLOYMENTS = "/apis/apps/v1/namespaces/hasivu/deployments"


def send(url: str, body: object = None, method: str = "GET", **headers: str) -> tuple[int, Any]:
    """Send a request and return status and content, parsed where it is JSON."""
    request = urllib.request.Request(url, method=method, headers=headers)
    if body is not None:
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=15) as response:
            status, content = response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        status, content = error.code, error.read().decode()
    return status, json.loads(content) if content.startswith(("{", "[")) else content


class Client:
    """A family's browser, an administrator, and an operator at the Kubernetes API."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Read the addresses of the sandbox."""
        self.sandbox = sandbox
        self.application = sandbox.endpoints()["application"]["url"]
        self.kubernetes = sandbox.endpoints()["kubernetes"]["url"]

    def get(self, path: str) -> tuple[int, Any]:
        return send(self.application + path)

    def post(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        return send(self.application + path, body, "POST", **headers)

    def order(self, **change: object) -> tuple[int, Any]:
        return self.post("/orders", {**self.child(), "menu_item_id": 1, "quantity": 2, **change})

    def child(self) -> dict[str, int]:
        (child,) = self.sandbox.rows("SELECT school_id, id AS student_id FROM students ORDER BY id LIMIT 1")
        return child

    def patch(self, path: str, body: object) -> None:
        token = yaml.safe_load(self.sandbox.credential("kubeconfig"))["users"][0]["user"]["token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json"}
        status, answer = send(self.kubernetes + path, body, "PATCH", **headers)
        assert status == 200, answer

    def set_password(self, password: str) -> None:
        data = {"password": base64.b64encode(password.encode()).decode()}
        self.patch(f"{NAMESPACE}/secrets/hasivu-database", {"data": data})

    def restart(self) -> None:
        annotations = {"kubectl.kubernetes.io/restartedAt": str(time.time())}
        for name in ("hasivu-web", "hasivu-api"):
            template = {"template": {"metadata": {"annotations": annotations}}}
            self.patch(f"{DEPLOYMENTS}/{name}", {"spec": template})

    def pods(self) -> dict[str, dict[str, str]]:
        return dict(self.get("/ready")[1]["pods"])

    def ready(self) -> bool:
        return self.get("/ready")[0] == 200


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait for something to hold."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    client = Client(sandbox)
    assert eventually(client.ready), client.get("/ready")
    return client


@pytest.fixture
def traffic(client: Client) -> Iterator[Client]:
    assert client.post("/_traffic", {"per_second": 20}) == (200, {"per_second": 20.0})
    yield client
    client.post("/_traffic", {"per_second": 0})


def test_an_order_is_in_the_database_with_its_line_and_payment(client: Client) -> None:
    status, answer = client.order(quantity=3)
    assert status == 201
    (row,) = client.sandbox.rows(
        "SELECT o.quantity, o.status, i.quantity AS line, p.amount_paise = 3 * m.price_paise AS paid"
        " FROM orders o JOIN order_items i ON i.order_id = o.id JOIN payments p ON p.order_id = o.id"
        " JOIN menu_items m ON m.id = o.menu_item_id WHERE o.id = %s",
        answer["id"],
    )
    assert row == {"quantity": 3, "status": "placed", "line": 3, "paid": True}
    assert client.get(f"/orders/{answer['id']}")[1]["quantity"] == 3


def test_the_same_idempotency_key_places_one_order(client: Client) -> None:
    order = {**client.child(), "menu_item_id": 2, "quantity": 1}
    key = {"Idempotency-Key": f"lunch-{time.time()}"}
    first, again = client.post("/orders", order, **key), client.post("/orders", order, **key)
    assert first == again
    assert first[0] == 201
    status, answer = client.post("/orders", {**order, "quantity": 2}, **key)
    assert (status, answer) == (422, {"error": "This Idempotency-Key placed a different order."})


@pytest.mark.parametrize(
    ("change", "status"),
    [({"quantity": 0}, 400), ({"quantity": True}, 400), ({"school_id": "1"}, 400), ({"student_id": 10**9}, 422)],
)
def test_an_order_that_cannot_be_is_refused(client: Client, change: dict[str, Any], status: int) -> None:
    code, answer = client.order(**change)
    assert code == status
    assert answer["error"].endswith(".")


def test_orders_are_counted(client: Client) -> None:
    def created() -> int:
        lines = client.get("/metrics")[1].splitlines()
        return int(next(line for line in lines if line.startswith("orders_created_total")).split()[1])

    before = created()
    client.order()
    assert created() == before + 1


def test_each_pod_has_a_pool_in_the_metrics(client: Client) -> None:
    metrics = client.get("/metrics")[1]
    pods = {pod for deployment in client.pods().values() for pod in deployment}
    assert pods
    assert all(f'pod="{pod}"' in metrics for pod in pods)


def test_a_school_has_a_menu(client: Client) -> None:
    status, menu = client.get(f"/menus/{client.child()['school_id']}")
    assert (status, menu["date"]) == (200, datetime.now(ZoneInfo("Asia/Kolkata")).date().isoformat())


def test_a_card_is_verified_and_the_reading_kept(client: Client) -> None:
    (card,) = client.sandbox.rows("SELECT id, uid, student_id FROM rfid_cards WHERE active ORDER BY id LIMIT 1")
    count = "SELECT count(*) FROM rfid_events WHERE card_id = %s"
    before = client.sandbox.value(count, card["id"])
    answer = client.post("/rfid/verify", {"card_uid": card["uid"], "reader_id": 1})
    assert answer == (200, {"accepted": True, "student_id": card["student_id"]})
    assert client.sandbox.value(count, card["id"]) == before + 1
    assert client.post("/rfid/verify", {"card_uid": "unknown", "reader_id": 1})[0] == 404


def test_the_daily_summary_agrees_with_the_database_and_keeps_its_answer(client: Client) -> None:
    day = datetime.now(ZoneInfo("Asia/Kolkata")).date()
    token = {"Authorization": f"Bearer {client.sandbox.credential('application_admin_token')}"}
    client.order()
    key = {"Idempotency-Key": f"daily-{time.time()}"}
    status, report = client.post("/reports/daily-summary", {"date": day.isoformat()}, **token, **key)
    ordered = "SELECT count(*) FROM orders WHERE (created_at AT TIME ZONE 'Asia/Kolkata')::date = %s"
    assert (status, report["partial"]) == (200, True)
    assert sum(report["orders"].values()) == client.sandbox.value(ordered, day)
    client.order()
    assert client.post("/reports/daily-summary", {"date": day.isoformat()}, **token, **key) == (200, report)


def test_the_daily_summary_is_for_administrators_and_days_that_were(client: Client) -> None:
    token = {"Authorization": f"Bearer {client.sandbox.credential('application_admin_token')}"}
    assert client.post("/reports/daily-summary", {"date": "2026-01-01"})[0] == 401
    assert client.post("/reports/daily-summary", {"date": "2001-01-01"}, **token)[0] == 422
    assert client.post("/reports/daily-summary", {"date": "today"}, **token)[0] == 400


def test_sessions_carry_the_name_of_their_deployment_and_leave_no_transaction_open(client: Client) -> None:
    client.order()
    sessions = client.sandbox.rows(
        "SELECT application_name, state FROM pg_stat_activity WHERE application_name IN ('hasivu-web', 'hasivu-api')"
    )
    assert {session["application_name"] for session in sessions} == {"hasivu-web", "hasivu-api"}
    assert not [session for session in sessions if "transaction" in session["state"]]


def test_every_acknowledged_order_of_the_traffic_is_in_the_database(traffic: Client) -> None:
    assert eventually(lambda: traffic.get("/stats")[1]["ok"] >= 20)
    traffic.post("/_traffic", {"per_second": 0})
    file = traffic.sandbox.home / "sandbox" / "application" / "acknowledged_orders.jsonl"
    numbers = {json.loads(line)["id"] for line in file.read_text().splitlines()}
    found = traffic.sandbox.rows("SELECT id FROM orders WHERE id = ANY(%s)", list(numbers))
    assert numbers == {row["id"] for row in found}


def gateway_has(client: Client, identity: str) -> dict[str, Any] | None:
    """Return a payment as Razorpay has it, or nothing."""
    key = base64.b64encode(client.sandbox.credential("razorpay_key").encode()).decode()
    address = client.sandbox.endpoints()["companions"]["razorpay_url"]
    status, answer = send(f"{address}/v1/payments/{identity}", Authorization=f"Basic {key}")
    return answer if status == 200 else None


def payment_of(client: Client, order: int) -> dict[str, Any]:
    (row,) = client.sandbox.rows("SELECT * FROM payments WHERE order_id = %s", order)
    return row


def test_a_paid_order_is_known_to_the_gateway(client: Client) -> None:
    order = client.order(quantity=2)[1]["id"]
    row = payment_of(client, order)
    assert eventually(lambda: gateway_has(client, row["razorpay_payment_id"]))
    known = gateway_has(client, row["razorpay_payment_id"])
    assert known is not None
    assert (known["amount"], known["status"], known["notes"]["order_id"]) == (
        row["amount_paise"],
        "captured",
        str(order),
    )
    assert abs(known["created_at"] - row["created_at"].timestamp()) <= 1


def test_orders_go_on_while_the_gateway_is_down_and_it_hears_of_them_later(client: Client) -> None:
    with faulty(client.sandbox, "companions", razorpay_down=True):
        placed = [client.order() for _ in range(3)]
    assert [status for status, _ in placed] == [201] * 3
    for _, answer in placed:
        identity = payment_of(client, answer["id"])["razorpay_payment_id"]
        assert eventually(lambda identity=identity: gateway_has(client, identity))  # type: ignore[misc]


def test_the_gateway_knows_the_seeded_payments_of_the_last_days(client: Client) -> None:
    rows = client.sandbox.rows(
        "SELECT * FROM payments WHERE id BETWEEN 200444 AND 204999 OR id IN (1, 4, 149999) ORDER BY id % 97 LIMIT 20"
    )
    for row in rows:
        known = gateway_has(client, row["razorpay_payment_id"])
        assert known is not None
        assert (known["amount"], known["status"]) == (row["amount_paise"], row["status"])
        assert abs(known["created_at"] - row["created_at"].timestamp()) < 120


def test_ended_sessions_fail_no_later_order(client: Client) -> None:
    client.sandbox.rows(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'hasivu-web'"
    )
    assert [client.order()[0] for _ in range(10)] == [201] * 10


def test_a_database_that_refuses_is_a_503_until_it_takes_orders_again(traffic: Client) -> None:
    failed = traffic.get("/stats")[1]["failed"]
    with traffic.sandbox.database() as connection:
        connection.execute("ALTER ROLE hasivu_app_a NOLOGIN")
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'hasivu_app_a'"
            )
            assert traffic.order()[0] == 503
            assert eventually(lambda: traffic.get("/stats")[1]["failed"] > failed)
        finally:
            connection.execute("ALTER ROLE hasivu_app_a LOGIN")
    assert eventually(traffic.ready)
    assert traffic.order()[0] == 201


def test_deep_health_reads_and_writes_with_every_pod_and_leaves_nothing(client: Client) -> None:
    written = "SELECT count(*) FROM idempotency_keys WHERE starts_with(key, 'deep-health-')"
    for name, pods in (("hasivu-web", 3), ("hasivu-api", 2)):
        status, answer = client.get(f"/health/deep/{name}")
        assert (status, answer["status"], len(answer["pods"])) == (200, "ok", pods)
    assert client.sandbox.value(written) == 0
    assert client.get("/health/deep/hasivu-jobs")[0] == 503
    with client.sandbox.database() as connection:
        connection.execute("REVOKE INSERT ON idempotency_keys FROM hasivu_app")
        try:
            status, answer = client.get("/health/deep/hasivu-web")
            assert (status, answer["pods"][0]["works"]) == (503, False)
            assert "permission denied" in answer["pods"][0]["problem"]
        finally:
            connection.execute("GRANT INSERT ON idempotency_keys TO hasivu_app")
    assert client.get("/health/deep/hasivu-web")[0] == 200


def test_a_wrong_password_reaches_orders_with_the_rollout_and_not_before(client: Client) -> None:
    before = client.pods()
    try:
        client.set_password("wrong")
        time.sleep(2)
        assert client.order()[0] == 201
        client.restart()
        assert eventually(lambda: client.order()[0] == 503)
        assert eventually(lambda: not set(client.pods()["hasivu-web"]) & set(before["hasivu-web"]))
        assert "password authentication failed" in client.order()[1]["error"]
    finally:
        client.set_password(client.sandbox.credential("database_hasivu_app_a"))
        client.restart()
    assert eventually(client.ready)
    assert [client.order()[0] for _ in range(6)] == [201] * 6


def test_without_pods_there_is_no_service(client: Client) -> None:
    try:
        client.patch(f"{DEPLOYMENTS}/hasivu-web", {"spec": {"replicas": 0}})
        assert eventually(lambda: client.get("/health")[0] == 503)
        assert client.order() == (503, {"error": "No pod of hasivu-web is ready."})
    finally:
        client.patch(f"{DEPLOYMENTS}/hasivu-web", {"spec": {"replicas": 3}})
    assert eventually(lambda: client.get("/health")[1]["pods"].get("hasivu-web") == 3)


def test_requests_are_logged(client: Client) -> None:
    client.order()
    client.get("/orders/1")
    last = client.sandbox.requests("application")[-2:]
    assert [(line["service"], line["action"], line["changing"]) for line in last] == [
        ("application", "POST /orders", True),
        ("application", "GET /orders/{id}", False),
    ]


def test_no_secret_is_in_the_folder_of_the_application(client: Client) -> None:
    folder = client.sandbox.home / "sandbox" / "application"
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert not [name for name, secret in client.sandbox.secrets().items() if secret.encode() in written]
