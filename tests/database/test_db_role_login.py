"""Passwords of every allowed kind open a role, closed ones are refused, and the server hears no clear text."""

from __future__ import annotations

import string
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import role_comparison, role_verifier
from ansible_collections.hasivu.ops.plugins.module_utils.role_login import Login, LoginError, is_let_in

EXCLUDED = "/@\"'\\ %:?#&+"
EVERY_SIGN = "".join(sign for sign in string.punctuation if sign not in EXCLUDED)


@pytest.fixture
def closed_role(postgresql_server: Any) -> Any:
    """Return a role that may not log in."""
    name = "rotating_role"
    with postgresql_server.connect() as connection:
        connection.execute(f"DROP ROLE IF EXISTS {name}")
        connection.execute(f"CREATE ROLE {name} NOLOGIN")
    return name


def options(postgresql_server: Any) -> dict[str, Any]:
    return {**postgresql_server.login(), "sslrootcert": None, "application_name": "test"}


@pytest.mark.parametrize("password", [EVERY_SIGN, f"Aa1{EVERY_SIGN}", "Aa1!" * 10, "x" * 128])
def test_every_allowed_password_opens_a_role_and_a_closed_one_is_refused(
    postgresql_server: Any, closed_role: str, password: str
) -> None:
    with postgresql_server.connect() as connection:
        assert not is_let_in(options(postgresql_server), Login(closed_role, password))
        role_verifier.open_role(connection, closed_role, password)
        assert is_let_in(options(postgresql_server), Login(closed_role, password))
        assert not is_let_in(options(postgresql_server), Login(closed_role, password + "x"))
        kept = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [closed_role]).fetchone()
        assert kept["rolpassword"].startswith("SCRAM-SHA-256$4096:")
        role_verifier.close_role(connection, closed_role)
        assert not is_let_in(options(postgresql_server), Login(closed_role, password))


def test_a_server_that_is_not_there_is_no_refusal(postgresql_server: Any) -> None:
    with pytest.raises(LoginError) as caught:
        is_let_in({**options(postgresql_server), "port": 1}, Login("postgres", "x"))
    assert not caught.value.refused


def test_every_difference_of_two_roles_is_found(postgresql_server: Any) -> None:
    script = """
        DROP ROLE IF EXISTS pair_a; DROP ROLE IF EXISTS pair_b;
        CREATE ROLE pair_a LOGIN; CREATE ROLE pair_b LOGIN;
        CREATE TABLE IF NOT EXISTS pair_table (id int, name text);
        CREATE SEQUENCE IF NOT EXISTS pair_sequence;
    """
    grants = {
        "SELECT on pair_table": ("GRANT SELECT ON pair_table TO pair_a", "REVOKE SELECT ON pair_table FROM pair_a"),
        "some columns of pair_table": (
            "GRANT UPDATE (name) ON pair_table TO pair_a",
            "REVOKE UPDATE (name) ON pair_table FROM pair_a",
        ),
        "USAGE on sequence pair_sequence": (
            "GRANT USAGE ON SEQUENCE pair_sequence TO pair_a",
            "REVOKE USAGE ON SEQUENCE pair_sequence FROM pair_a",
        ),
        "member of pg_monitor": ("GRANT pg_monitor TO pair_a", "REVOKE pg_monitor FROM pair_a"),
        "setting work_mem": ("ALTER ROLE pair_a SET work_mem TO '9MB'", "ALTER ROLE pair_a RESET work_mem"),
        "attribute rolcreatedb": ("ALTER ROLE pair_a CREATEDB", "ALTER ROLE pair_a NOCREATEDB"),
    }
    with postgresql_server.connect() as connection:
        connection.execute(script)
        assert role_comparison.differences(connection, "pair_a", "pair_b") == []
        for what, (give, take) in grants.items():
            connection.execute(give)
            found = [row["what"] for row in role_comparison.differences(connection, "pair_a", "pair_b")]
            assert any(what in one for one in found), (what, found)
            connection.execute(take)
        assert role_comparison.differences(connection, "pair_a", "pair_b") == []
        connection.execute("ALTER TABLE pair_table OWNER TO pair_b")
        assert role_comparison.owned(connection, "pair_a", "pair_b")
        connection.execute("DROP TABLE pair_table; DROP SEQUENCE pair_sequence; DROP ROLE pair_a; DROP ROLE pair_b")
