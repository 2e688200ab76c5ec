# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How refused logins are told from lost servers, and which settings are loud."""

from __future__ import annotations

import psycopg
import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.role_login import Login, LoginError, sqlstate_of
from ansible_collections.hasivu.ops.plugins.module_utils.role_verifier import is_loud
from ansible_collections.hasivu.ops.plugins.modules.db_role_info import rights_objections
from ansible_collections.hasivu.ops.plugins.modules.db_sessions_drained import is_drained, next_pause

RIGHTS = {
    "role": "hasivu_app_a", "administrator": "hasivu_rotator", "may_create": True, "may_change": True,
    "too_great": False, "restricted": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "sqlstate"),
    [
        ('FATAL:  password authentication failed for user "hasivu_app_a"', "28P01"),
        ('FATAL:  role "hasivu_app_a" is not permitted to log in', "28000"),
        ("connection refused", None),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1"', None),
    ],
)
def test_only_the_server_itself_refuses(said: str, sqlstate: str | None) -> None:
    assert sqlstate_of(psycopg.OperationalError(said)) == sqlstate
    assert LoginError(said, sqlstate).refused is (sqlstate is not None)


def test_a_login_shows_no_password() -> None:
    assert "hunter2" not in f"{Login('a', 'hunter2')!r} {Login('a', 'hunter2')}"


@pytest.mark.parametrize(
    ("name", "setting", "loud"),
    [
        ("log_statement", "none", False),
        ("log_statement", "ddl", True),
        ("log_min_duration_statement", "-1", False),
        ("log_min_duration_statement", "0", True),
        ("log_min_error_statement", "error", True),
        ("pg_stat_statements.track_utility", "off", False),
        ("pg_stat_statements.track_utility", "on", True),
    ],
)
def test_a_setting_that_may_write_down_a_statement_is_loud(name: str, setting: str, loud: bool) -> None:
    assert is_loud(name, setting) is loud


def test_a_rotator_with_every_right_raises_no_objection() -> None:
    assert rights_objections([RIGHTS], ["hasivu_app_a"]) == []


@pytest.mark.parametrize(
    ("lack", "words"),
    [
        ({"may_create": False}, "lacks CREATEROLE"),
        ({"may_change": False}, "lacks ADMIN OPTION"),
        ({"too_great": True}, "is a superuser"),
        ({"restricted": True}, "rds_password"),
    ],
)
def test_a_right_that_the_rotator_lacks_is_named(lack: dict[str, bool], words: str) -> None:
    (sentence,) = rights_objections([{**RIGHTS, **lack}], ["hasivu_app_a"])
    assert words in sentence


def test_a_missing_role_is_named() -> None:
    assert "hasivu_app_b" in rights_objections([RIGHTS], ["hasivu_app_a", "hasivu_app_b"])[0]


def counts(*numbers: int) -> list[dict[str, int]]:
    return [{"sessions": number} for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "drained"), [((0, 0, 0), True), ((2, 0, 0), False), ((2, 0, 0, 0), True), ((0, 0), False)]
)
def test_a_role_is_drained_after_enough_counts_in_a_row(numbers: tuple[int, ...], drained: bool) -> None:
    assert is_drained(counts(*numbers), 3) is drained


def test_nothing_waits_longer_than_it_must() -> None:
    options = {"interval_seconds": 300.0}
    assert next_pause(True, -1, options) is None
    assert next_pause(True, 20, options) == 20
    assert next_pause(False, 20, options) == 300
