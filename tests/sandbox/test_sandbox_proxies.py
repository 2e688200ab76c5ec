"""A proxy of RDS is a real address: it lets in whom its secrets name, leads to its target and to nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from support.instances import faults
from support.killing import wait_for
from support.proxies import Proxy, proxy
from support.rotation import login
from support.sandbox import Sandbox

pytestmark = pytest.mark.xdist_group("instances")

SOURCE = "hasivu-sandbox"
DATABASE_ROOT = "edge/certificates/rds-ca-rsa2048-g1.pem"
HASTE = {"connect_timeout": 2}
PATIENCE = {"connect_timeout": 60}


@pytest.fixture(scope="module")
def door(sandbox: Sandbox) -> Iterator[Proxy]:
    """Return a proxy for the login of the application, which leads to the database; it is deleted afterwards."""
    with faults(sandbox), proxy(sandbox, "hasivu-trial") as made:
        made.register(SOURCE)
        made.wait(SOURCE, "AVAILABLE")
        yield made


def held(door: Proxy) -> tuple[str, str]:
    """Return user and password of the application."""
    fields = login(door.sandbox)
    return fields["username"], fields["password"]


def test_what_the_secret_names_reads_and_writes_and_everybody_else_is_refused(door: Proxy) -> None:
    user, password = held(door)
    with door.connect(user, password, application_name="trial", **PATIENCE) as session:
        assert session.execute("SELECT session_user::text, inet_server_port()").fetchone() == (
            user,
            door.sandbox.endpoints()["postgresql"]["port"],
        )
        session.execute("CREATE TEMPORARY TABLE trial AS SELECT generate_series(1, 100000) AS n")
        assert len(session.execute("SELECT n, repeat('x', 100) FROM trial").fetchall()) == 100_000
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        door.connect(user, "another-password", **PATIENCE)
    maintainer = door.sandbox.credential("database_hasivu_maint")
    with pytest.raises(psycopg.OperationalError, match="no credentials for the role hasivu_maint"):
        door.connect("hasivu_maint", maintainer, **PATIENCE)


def test_over_tls_it_shows_a_certificate_of_amazon_and_not_of_the_database(door: Proxy) -> None:
    folder = door.sandbox.home / "sandbox"
    for trusted, words in (
        (folder / "aws" / "amazon-root.pem", ""),
        (folder / DATABASE_ROOT, "certificate verify failed"),
    ):
        asked = {"sslmode": "verify-full", "sslrootcert": str(trusted), **PATIENCE}
        if words:
            with pytest.raises(psycopg.OperationalError, match=words):
                door.connect(*held(door), **asked)
        else:
            with door.connect(*held(door), **asked) as session:
                assert session.pgconn.ssl_in_use
                assert (
                    len(session.execute("SELECT repeat('x', 100) FROM generate_series(1, 100000)").fetchall())
                    == 100_000
                )


def test_without_tls_it_lets_in_as_well(door: Proxy) -> None:
    with door.connect(*held(door), sslmode="disable", **PATIENCE) as session:
        assert not session.pgconn.ssl_in_use


def test_one_that_demands_tls_refuses_whoever_comes_without(sandbox: Sandbox) -> None:
    with faults(sandbox), proxy(sandbox, "hasivu-closed", require_tls=True) as closed:
        closed.register(SOURCE)
        with pytest.raises(psycopg.OperationalError, match="requires TLS"):
            closed.connect(*held(closed), sslmode="disable", **PATIENCE)
        with closed.connect(*held(closed), sslmode="require", **PATIENCE) as session:
            assert session.execute("SELECT 1").fetchone() == (1,)


def test_a_query_is_cancelled_through_it(door: Proxy) -> None:
    with door.connect(*held(door), **PATIENCE) as session, ThreadPoolExecutor(1) as threads:
        asked = threads.submit(session.execute, "SELECT pg_sleep(100)")
        while not asked.done():  # a request that comes before the query cancels nothing
            session.cancel_safe(timeout=30)
        with pytest.raises(psycopg.errors.QueryCanceled):
            asked.result()


def test_whoever_is_connected_to_a_target_that_is_deregistered_is_cut_off(door: Proxy) -> None:
    with door.connect(*held(door), **PATIENCE) as session:
        door.deregister(SOURCE)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert door.targets() == {}
    with pytest.raises(psycopg.OperationalError, match="timeout"):
        door.connect(*held(door), **HASTE)
    door.register(SOURCE)
    with door.connect(*held(door), **PATIENCE) as session:  # it waits until the target is available
        assert session.execute("SELECT 1").fetchone() == (1,)
    assert door.targets() == {SOURCE: {"State": "AVAILABLE"}}


def test_a_target_that_refuses_the_logins_of_the_proxy_says_so(door: Proxy) -> None:
    door.deregister(SOURCE)
    user = held(door)[0]
    with door.sandbox.database() as administrator:
        administrator.execute(f"ALTER ROLE {user} NOLOGIN".encode())
        try:
            door.register(SOURCE)
            wait_for(lambda: door.targets()[SOURCE].get("Reason") == "AUTH_FAILURE")
            assert door.targets()[SOURCE]["State"] == "UNAVAILABLE"
        finally:
            administrator.execute(f"ALTER ROLE {user} LOGIN".encode())
    door.wait(SOURCE, "AVAILABLE")
