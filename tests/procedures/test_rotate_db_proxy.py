"""rotate-db behind an RDS proxy: the proxy lets the new login in before any consumer reads it, and orders flow."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from support.aws import client
from support.killing import kill_after
from support.proxies import Proxy, lead_application_through, proxy
from support.rotation import (
    AGAIN,
    APPLICATION,
    exit_of,
    http,
    login,
    open_roles,
    orders_flowing,
    pods,
    stages,
    works,
)
from support.sandbox import Sandbox, start_and_stop
from support.thorough import thorough

pytestmark = [pytest.mark.xdist_group("rotate-db-proxy"), thorough]

SOURCE = "hasivu-sandbox"
OTHER = "hasivu/sandbox/database/application-other"  # the login that the pods hold, when another one is current
PUBLISHED = "Make the pending version current, in exchange for the old one and for no other"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Return the proxy through which the whole application of a sandbox comes."""
    for sandbox in start_and_stop(Sandbox(tmp_path_factory.mktemp("behind"))):
        client(sandbox, "secretsmanager").create_secret(Name=OTHER, SecretString="{}")
        hold(sandbox, login(sandbox))
        made = Proxy(sandbox, "hasivu-front")
        made.create(APPLICATION, OTHER)
        made.register(SOURCE)
        made.wait(SOURCE, "AVAILABLE")
        lead_application_through(sandbox, made)
        yield made


def hold(sandbox: Sandbox, fields: dict[str, str]) -> None:
    """Let the proxy know a login besides the current one, before another one becomes current."""
    client(sandbox, "secretsmanager").put_secret_value(SecretId=OTHER, SecretString=json.dumps(fields))


def test_orders_flow_through_the_proxy_while_the_pair_takes_turns_and_is_taken_back(behind: Proxy) -> None:
    sandbox, first = behind.sandbox, login(behind.sandbox)
    with orders_flowing(sandbox, 60):
        result = sandbox.run("rotate-db", *AGAIN)
        assert result["exit_code"] == 0, result["message"]
        second = login(sandbox)
        hold(sandbox, second)
        back = exit_of(sandbox.play("rollback", result["run"], "--json"))
        assert back["exit_code"] == 0, back
    hold(sandbox, first)
    assert (second["host"], second["port"]) == (first["host"], first["port"])
    assert login(sandbox) == first
    assert open_roles(sandbox) == [first["username"]]
    assert not works(sandbox, second)
    assert http(sandbox, "/ready")["status"] == "ready"
    report = json.loads((sandbox.home / "runs" / result["run"] / "report.json").read_text())
    (told,) = report["data"]["proxies"]
    assert told == {"name": "hasivu-front", "login": second["username"], "targets": f"{SOURCE} AVAILABLE"}
    with pytest.raises(psycopg.OperationalError, match="no credentials for the role"):
        behind.connect(second["username"], second["password"])


def test_a_proxy_that_leads_nowhere_stops_the_rotation_before_anything_is_changed(behind: Proxy) -> None:
    sandbox, before = behind.sandbox, stages(behind.sandbox)
    with proxy(sandbox, "hasivu-other"):
        result = sandbox.run("rotate-db", *AGAIN)
    assert result["exit_code"] == 3, result
    assert "hasivu-other" in result["message"]
    assert stages(sandbox) == before


def test_one_that_loses_its_target_on_the_way_stops_it_before_a_consumer_reads_the_login(behind: Proxy) -> None:
    sandbox, first, known = behind.sandbox, login(behind.sandbox), pods(behind.sandbox)
    with proxy(sandbox, "hasivu-other") as other:
        other.register(SOURCE)
        other.wait(SOURCE, "AVAILABLE")
        run = kill_after(sandbox, PUBLISHED, "run", "rotate-db", *AGAIN)
        other.deregister(SOURCE)
        stopped = exit_of(sandbox.play("resume", run.name, "--json"))
    assert stopped["exit_code"] == 4, stopped
    assert "hasivu-other" in stopped["message"]
    assert pods(sandbox) == known
    assert works(sandbox, first)
    assert works(sandbox, login(sandbox))
    done = exit_of(sandbox.play("resume", stopped["run"], "--json"))
    assert done["exit_code"] == 0, done
    assert not works(sandbox, first)
    assert http(sandbox, "/ready")["status"] == "ready"
