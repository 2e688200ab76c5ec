"""The sandbox as a whole: it comes up, is mended after any kill, bears two commands at once, and leaves nothing."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from hasivu_play.sandbox import supervisor
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.process import start_time
from hasivu_play.sandbox.waiting import wait_until

pytestmark = pytest.mark.xdist_group("own-sandbox")
NAMES = ["postgresql", "redis", "aws", "kubernetes", "companions", "edge", "application"]


def processes_of(layout: Layout) -> list[str]:
    """Return the command line of every process that works on this sandbox, read from outside."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            where = str((folder / "cwd").readlink())
        except OSError:
            continue
        if str(layout.root) in command or where.startswith(str(layout.root)):
            found.append(command)
    return found


def orders(status: dict[str, Any]) -> int:
    with psycopg.connect(status["postgresql"]["url"]) as connection:
        row = connection.execute("SELECT count(*) FROM orders").fetchone()
    assert row
    return int(row[0])


def test_two_commands_at_once_start_each_part_once(layout: Layout, up: dict[str, Any]) -> None:
    assert list(up) == NAMES
    assert all(part["healthy"] for part in up.values())
    assert sum("hasivu_play.sandbox.aws" in command for command in processes_of(layout)) == 1


def test_a_second_up_starts_nothing(layout: Layout, up: dict[str, Any]) -> None:
    said: list[str] = []
    again = supervisor.up(layout, said.append)
    assert {name: part["pid"] for name, part in again.items()} == {name: part["pid"] for name, part in up.items()}
    assert said == []


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_part_is_reported_and_mended_at_the_same_address(
    layout: Layout, up: dict[str, Any], name: str
) -> None:
    before = orders(up)
    os.kill(up[name]["pid"], signal.SIGKILL)
    assert wait_until(lambda: not start_time(up[name]["pid"]), 5)
    reported = supervisor.status(layout)
    assert reported[name]["healthy"] is False
    assert reported[name]["pid"] is None
    mended = supervisor.up(layout)
    assert mended[name]["healthy"] is True
    assert mended[name]["url"] == up[name]["url"]
    assert orders(mended) == before


def test_every_part_answers_a_piece_of_work(layout: Layout, up: dict[str, Any]) -> None:
    assert all(part["healthy"] for part in supervisor.status(layout).values())
    with redis.Redis.from_url(up["redis"]["url"]) as client:
        assert client.ttl("session:00000001") > 0
        assert client.ttl("menu:2:0") == -1


def test_the_inventory_finds_addresses_and_no_secret(layout: Layout, up: dict[str, Any]) -> None:
    endpoints = layout.endpoints()
    assert endpoints["postgresql"]["database"] == "hasivu_sandbox"
    assert endpoints["postgresql"]["system_identifier"].isdigit()
    assert endpoints["kubernetes"]["cluster_uid"]
    assert endpoints["aws"]["account_id"] == "204867531290"
    text = (layout.root / "endpoints.json").read_text()
    secrets = [path.read_text() for path in (layout.root / "credentials").iterdir()]
    assert not any(secret in text for secret in secrets)


def test_files_are_for_the_owner_only(layout: Layout, up: dict[str, Any]) -> None:
    assert stat.S_IMODE(layout.root.stat().st_mode) == 0o700
    for path in (layout.root / "credentials").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_passwords_are_in_no_command_line_and_no_environment(layout: Layout, up: dict[str, Any]) -> None:
    files = (layout.root / "credentials").iterdir()
    passwords = [path.read_bytes() for path in files if path.name.startswith(("database_", "redis"))]
    for part in up.values():
        folder = Path(f"/proc/{part['pid']}")
        seen = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        assert not any(password in seen for password in passwords)
    logs = [path.read_bytes() for path in layout.root.glob("*/server.log")]
    assert not any(password in log for password in passwords for log in logs)


def test_a_failing_start_says_why_in_the_words_of_the_log(layout: Layout, up: dict[str, Any]) -> None:
    settings = layout.part("postgresql") / "data" / "postgresql.conf"
    sound = settings.read_text()
    os.kill(up["postgresql"]["pid"], signal.SIGKILL)
    settings.write_text(sound + "no_such_setting = on\n")
    try:
        with pytest.raises(supervisor.StoppedError, match=r'(?s)did not start.*"no_such_setting"'):
            supervisor.up(layout)
    finally:
        settings.write_text(sound)


def test_down_leaves_no_process_and_keeps_the_data_also_when_parts_are_halted(
    layout: Layout, up: dict[str, Any]
) -> None:
    before = orders(up)
    for name in ("postgresql", "redis", "application"):
        os.kill(supervisor.status(layout)[name]["pid"], signal.SIGSTOP)
    supervisor.down(layout)
    supervisor.down(layout)
    assert processes_of(layout) == []
    assert orders(supervisor.up(layout)) == before
