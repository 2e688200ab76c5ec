"""Over TLS, as production asks for: the right server is believed, and every other one gets no password."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.modules import db_query_info
from support.tls_door import HOST, TlsDoor, tls_door
from throwaway import run_module

from hasivu_play.sandbox.aws.rds.proxy_door import parameters


def ask(database: Any, door: TlsDoor, root: Path | None = None) -> dict[str, Any]:
    where = {"host": HOST, "port": door.port, "sslmode": "verify-full", "sslrootcert": str(root or door.root)}
    return run_module(db_query_info.main, query="SELECT 1 AS one", **{**database.login(), **where})


def test_a_server_with_the_name_and_the_authority_that_are_expected_is_asked(database, tmp_path):
    with tls_door(tmp_path, database.server.port) as door:
        assert ask(database, door)["rows"] == [{"one": 1}]
    assert [parameters(hello)["user"] for hello in door.hellos] == ["postgres"]


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ({"name": "db.example"}, 'server certificate for "db.example" does not match host name "localhost"'),
        ({"days": -1}, "certificate verify failed"),
    ],
)
def test_a_server_that_shows_another_name_or_an_old_certificate_gets_no_login(database, tmp_path, shown, words):
    with tls_door(tmp_path, database.server.port, **shown) as door:
        result = ask(database, door)
    assert result["failed"]
    assert words in result["msg"]
    assert "is not trusted, and got no password" in result["msg"]
    assert door.hellos == []


def test_a_server_of_another_authority_gets_no_login(database, tmp_path):
    with tls_door(tmp_path / "one", database.server.port) as door, tls_door(tmp_path / "two", 1) as other:
        result = ask(database, door, other.root)
    assert result["failed"]
    assert "certificate verify failed" in result["msg"]
    assert f"whether {other.root} holds its authority" in result["msg"]
    assert door.hellos == []


def test_a_server_without_tls_gets_no_login(database, tmp_path):
    with tls_door(tmp_path, database.server.port) as door:
        plain = TlsDoor(database.server.port, door.root)
        result = ask(database, plain)
    assert result["failed"]
    assert "does not support SSL" in result["msg"]


def test_a_bundle_that_is_not_there_is_named(database, tmp_path):
    with tls_door(tmp_path, database.server.port) as door:
        result = ask(database, door, tmp_path / "gone.pem")
    assert result["failed"]
    assert str(tmp_path / "gone.pem") in result["msg"]
    assert door.hellos == []
