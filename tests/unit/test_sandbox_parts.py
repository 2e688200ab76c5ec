"""Ports, programs and faults of the sandbox, as far as they need no server."""

from __future__ import annotations

import json
import multiprocessing
import socket
from pathlib import Path

import pytest

from hasivu_play.errors import StoppedError, UsageError
from hasivu_play.sandbox import fault_markers, faults, ports, postgresql_programs, supervisor
from hasivu_play.sandbox.aws.rds import archive
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.waiting import wait_until


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    root = tmp_path / "sandbox"
    root.mkdir()
    return Layout(root)


def test_ports_once_chosen_stay(layout: Layout) -> None:
    first = ports.ports(layout, ["postgresql", "redis"])
    assert len(set(first.values())) == 2
    assert ports.ports(layout, ["postgresql", "redis"]) == first


def test_a_port_with_a_listener_is_not_free() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert not ports.is_free(listener.getsockname()[1])


def test_sandboxes_that_begin_at_once_choose_different_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens yet on what another process has chosen."""
    free = [port for port in range(32000, 32700) if ports.is_free(port)][:7]  # no sandbox chooses these
    monkeypatch.setattr(ports, "RANGE", free)
    fork = multiprocessing.get_context("fork")
    others, ending = fork.SimpleQueue(), fork.Event()

    def choose() -> None:
        others.put([ports.free_port([]) for _ in range(3)])
        ending.wait(60)

    child = fork.Process(target=choose)
    child.start()
    chosen = others.get()
    monkeypatch.setattr(ports, "CLAIMS", [])
    chosen += [ports.free_port([]) for _ in range(4)]
    ending.set()
    child.join()
    assert sorted(chosen) == free


def test_a_folder_without_a_server_is_refused_with_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HASIVU_PLAY_POSTGRESQL_BIN", str(tmp_path))
    with pytest.raises(StoppedError, match="holds no initdb and postgres"):
        postgresql_programs.programs_directory()


def test_before_the_first_start_every_part_is_known_and_none_is_healthy(layout: Layout) -> None:
    status = supervisor.status(layout)
    assert {"postgresql", "redis", "aws", "kubernetes", "application"} <= set(status)
    assert not any(part["healthy"] for part in status.values())


@pytest.mark.parametrize(
    ("name", "says"),
    [("database-dwn", "Did you mean 'database-down'"), ("xyz", "Choose from: database-down, ")],
)
def test_an_unknown_fault_is_refused_with_a_hint(layout: Layout, name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        faults.inject(layout, name)


def test_a_fault_without_a_sandbox_is_refused(layout: Layout) -> None:
    with pytest.raises(UsageError, match="Start it with `hasivu-play sandbox up`"):
        faults.inject(layout, "ddl-lock")


def test_the_freeze_window_is_a_file_that_comes_and_goes_beside_other_settings(layout: Layout) -> None:
    policy = layout.root / "policy.json"
    layout.write_endpoints({"redis": {}})
    policy.write_text('{"maintenance_hard_stop": "02:50"}')
    faults.inject(layout, "freeze-window")
    assert json.loads(policy.read_text())["freeze_windows"][0]["name"] == "practice"
    assert faults.active(layout) == ["freeze-window"]
    assert faults.clear(layout, "freeze-window") == ["freeze-window"]
    assert json.loads(policy.read_text()) == {"maintenance_hard_stop": "02:50"}
    assert faults.clear(layout, None) == []


def test_a_fault_ends_by_itself_when_its_time_is_over(layout: Layout) -> None:
    layout.write_endpoints({"redis": {}})
    faults.inject(layout, "freeze-window", seconds=0.2)
    assert wait_until(lambda: not (layout.root / "policy.json").exists(), 60)
    assert faults.active(layout) == []


def test_a_note_of_the_log_that_is_renamed_while_one_looks_is_left_out(tmp_path: Path) -> None:
    notes = tmp_path / "data" / "pg_wal" / "archive_status"
    notes.mkdir(parents=True)
    (notes / f"{1:024X}.ready").symlink_to("renamed")  # listed, and gone when it is asked for
    assert archive.waiting(tmp_path) == []
    (notes / f"{2:024X}.ready").touch()
    assert len(archive.waiting(tmp_path)) == 1


def test_a_part_that_a_fault_holds_down_is_named(layout: Layout) -> None:
    fault_markers.mark(layout, "kubernetes-down", "kubernetes")
    fault_markers.mark(layout, "freeze-window")
    assert fault_markers.parts_held_down(layout) == {"kubernetes": "kubernetes-down"}


def test_every_fault_says_what_it_is() -> None:
    assert all(description.endswith(".") for description in faults.FAULTS.values())


def test_a_sandbox_of_another_version_is_refused_with_the_mend(layout: Layout) -> None:
    ports.ports(layout, ["postgresql"])
    with pytest.raises(StoppedError, match="another version of hasivu-play"):
        supervisor.up(layout)
    assert not (layout.root / "postgresql").exists()
