"""Procedures against a database that lets nobody in without TLS, as those of production do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.own_project import OwnProject
from support.sandbox import start_and_stop
from support.tls_door import HOST, TlsDoor, tls_door

from hasivu_play.sandbox.aws.rds.proxy_door import parameters

pytestmark = pytest.mark.xdist_group("over-tls")


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OwnProject, TlsDoor]]:
    """Start a sandbox whose procedures reach the database through a door that speaks TLS."""
    folder = tmp_path_factory.mktemp("behind")
    for own in start_and_stop(OwnProject.make(folder)):
        with tls_door(folder / "door", own.endpoints()["postgresql"]["port"]) as door:
            yield own, door


def lead(own: OwnProject, door: TlsDoor, root: Path) -> None:
    own.declare(
        database_host=HOST, database_port=door.port, database_sslmode="verify-full", database_sslrootcert=str(root)
    )


def test_every_step_of_a_run_comes_over_tls(behind: tuple[OwnProject, TlsDoor]) -> None:
    own, door = behind
    lead(own, door, door.root)
    done = own.run("weekly-db")
    assert done["exit_code"] == 0, done
    names = {parameters(hello)["application_name"] for hello in door.hellos}
    assert names == {f"hasivu-ops/weekly-db/{done['run']}"}
    assert door.plain == []


def test_a_server_that_is_not_trusted_refuses_the_run_before_any_change(
    behind: tuple[OwnProject, TlsDoor], tmp_path: Path
) -> None:
    own, door = behind
    known = len(door.hellos)
    with tls_door(tmp_path, 1) as other:
        lead(own, door, other.root)
        refused = own.run("weekly-db")
    assert refused["exit_code"] == 3, refused
    assert "is not trusted, and got no password" in refused["message"]
    assert len(door.hellos) == known
