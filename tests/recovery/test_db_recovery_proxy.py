"""Recovery behind an RDS proxy: clients keep its address, and reach the new server there, or the old one again."""

from __future__ import annotations

import json
from datetime import datetime

import psycopg
import pytest
from support.instances import Instances
from support.killing import kill_after, wait_for
from support.proxies import Proxy, lead_application_through
from support.recovery import a_known_second, acknowledged, server, world, written
from support.rotation import APPLICATION, exit_of, http, login
from support.sandbox import Sandbox
from support.thorough import thorough
from support.writers import DEPLOYMENTS, World

pytestmark = [pytest.mark.xdist_group("db-recovery-proxy"), thorough]

SOURCE, NEW, ASIDE = "hasivu-sandbox", "hasivu-sandbox-behind", "hasivu-sandbox-aside"
AVAILABLE = {"State": "AVAILABLE"}
BETWEEN = "Let the proxy lead nowhere, unless it leads where it shall already"
LED = "Let it lead to the new instance, and wait until clients are sent there"
BY_PROXY = ("-e", "incident_id=INC-11", "-e", "strategy=pitr", "-e", "cutover=proxy")
APPLICATIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('hasivu-web', 'hasivu-api')"


def recover(*more: str) -> tuple[str, ...]:
    """Return the command that recovers by the proxy."""
    return ("run", "db-recovery", *BY_PROXY, *(word for one in more for word in ("-e", one)))


@pytest.fixture(scope="module")
def before_it(own: Sandbox) -> Proxy:
    """Return a proxy before the database, through which nobody comes yet."""
    made = Proxy(own, "hasivu-front")
    made.create(APPLICATION)
    made.register(SOURCE)
    made.wait(SOURCE, "AVAILABLE")
    return made


@pytest.fixture(scope="module")
def front(own: Sandbox, before_it: Proxy) -> Proxy:
    """Return the proxy once the whole application comes through it."""
    lead_application_through(own, before_it)
    return before_it


def every_order_before(sandbox: Sandbox, moment: datetime) -> None:
    """Check through the proxy that each order that was acknowledged before a moment is there."""
    wanted = [one["id"] for one in acknowledged(sandbox) if datetime.fromisoformat(one["at"]) < moment]
    assert wanted
    query = "SELECT id FROM unnest(%s::bigint[]) AS wanted(id) EXCEPT SELECT id FROM orders"
    with server(login(sandbox)) as connection:
        assert connection.execute(query, [wanted]).fetchall() == []


def orders_flow(sandbox: Sandbox) -> None:
    """Let some orders be acknowledged, and no more."""
    begun = len(acknowledged(sandbox))
    http(sandbox, "/_traffic", {"per_second": 10})
    wait_for(lambda: len(acknowledged(sandbox)) > begun + 20)
    http(sandbox, "/_traffic", {"per_second": 0})


def test_it_is_refused_while_the_application_does_not_come_through_the_proxy(own: Sandbox, before_it: Proxy) -> None:
    begun = len(own.requests("aws"))
    done = own.run("db-recovery", *BY_PROXY)
    assert (done["exit_code"], before_it.targets()) == (3, {SOURCE: AVAILABLE})
    assert "not the endpoint" in done["stderr"] + json.dumps(done)
    assert not [one for one in own.requests("aws")[begun:] if one["changing"] and one["action"].startswith("rds:")]


def test_a_rehearsal_tells_by_which_proxy_and_writes_nothing(own: Sandbox, front: Proxy) -> None:
    begun = len(own.requests("aws"))
    done = own.run("db-recovery", *BY_PROXY, "--check")
    assert done["exit_code"] == 0, done
    assert not [one for one in own.requests("aws")[begun:] if one["changing"]]
    facts = json.loads((own.home / "runs" / done["run"] / "report.json").read_text())["facts"]
    assert "the RDS proxy hasivu-front" in [one["value"] for one in facts]


@pytest.mark.parametrize(("step", "led"), [(BETWEEN, {}), (LED, {ASIDE: AVAILABLE})])
def test_taken_back_the_proxy_leads_to_the_old_server_again(
    own: Sandbox, front: Proxy, step: str, led: dict[str, dict[str, str]]
) -> None:
    before, held = world(own), login(own)
    run = kill_after(own, step, *recover(f"target_id={ASIDE}"))
    assert front.targets() == led
    back = exit_of(own.play("rollback", run.name, "--json"))
    assert back["exit_code"] == 0, back
    assert front.targets() == {SOURCE: AVAILABLE}
    assert (world(own), login(own)) == (before, held)
    assert http(own, "/ready")["status"] == "ready"
    orders_flow(own)


def test_killed_twice_clients_find_the_new_server_behind_the_proxy(own: Sandbox, front: Proxy) -> None:
    picture, old = World(own).picture(), login(own)
    direct = Instances(own).show(SOURCE)["Endpoint"]
    moment = a_known_second(own, flowing=True)
    run = kill_after(own, BETWEEN, *recover(f"target_id={NEW}", f"restore_time={written(moment)}"))
    assert front.targets() == {}
    again = kill_after(own, LED, "resume", run.name)
    assert front.targets() == {NEW: AVAILABLE}
    with pytest.raises(psycopg.OperationalError, match=r"not permitted|authentication failed"):
        server({**old, "host": direct["Address"], "port": direct["Port"]})
    done = exit_of(own.play("resume", again.name, "--json"))
    http(own, "/_traffic", {"per_second": 0})
    assert done["exit_code"] == 0, done
    assert front.targets() == {NEW: AVAILABLE}
    new = login(own)
    assert [new[name] for name in ("host", "port", "username")] == [old[name] for name in ("host", "port", "username")]
    assert new["dbInstanceIdentifier"] == NEW
    every_order_before(own, moment)
    after = World(own).picture()
    assert [after[name]["replicas"] for name in DEPLOYMENTS] == [picture[name]["replicas"] for name in DEPLOYMENTS]
    assert http(own, "/ready")["status"] == "ready"
    orders_flow(own)
    instances = Instances(own)
    assert instances.rows(NEW, APPLICATIONS)[0][0] > 0
    assert instances.rows(SOURCE, APPLICATIONS) == [(0,)]
    with pytest.raises(psycopg.OperationalError, match=r"not permitted|authentication failed"):
        server({**old, "host": direct["Address"], "port": direct["Port"]})
    findings = json.loads((own.home / "runs" / done["run"] / "report.json").read_text())["findings"]
    assert "proxy-leads-to-old-instance" not in [one.get("key") for one in findings]
