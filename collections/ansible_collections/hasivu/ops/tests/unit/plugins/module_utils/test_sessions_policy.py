# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy table of sessions, case by case."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_policy import Limits, decide, kind_of, minutes

MIGRATIONS = ("*migrat*", "flyway*")


def session(state: str = "active", age: float = 0, **more: Any) -> dict[str, Any]:
    """Return a session of the application that has been in its state for some minutes."""
    seconds = age * 60
    return {
        "pid": 7,
        "user": "hasivu_app_a",
        "application_name": "web",
        "backend_type": "client backend",
        "superuser": False,
        "application": True,
        "state": state,
        "command": "SELECT",
        "blocks": 0,
        "xid_age": None,
        "transaction_seconds": seconds,
        "query_seconds": seconds if state == "active" else None,
        "state_seconds": seconds,
        **more,
    }


def limits(policy: str) -> Limits:
    return Limits(policy=policy, migrations=MIGRATIONS)


@pytest.mark.parametrize(
    ("age", "blocks", "off", "cancel", "terminate", "ends"),
    [
        (4.9, 9, "report", "report", "report", False),
        (5, 0, "report", "report", "report", False),
        (14.9, 5, "report", "report", "report", False),
        (15, 0, "report", "cancel", "cancel", False),
        (29.9, 5, "report", "cancel", "cancel", False),
        (30, 0, "report", "cancel", "cancel", True),
        (5, 6, "report", "cancel", "cancel", True),
    ],
)
def test_a_long_query(age, blocks, off, cancel, terminate, ends):
    it = session("active", age, blocks=blocks)
    assert decide(it, limits("off")).action == off
    assert decide(it, limits("cancel")).action == cancel
    assert not decide(it, limits("cancel")).then_terminate
    assert decide(it, limits("terminate")).action == terminate
    assert decide(it, limits("terminate")).then_terminate is ends


@pytest.mark.parametrize("state", ["idle in transaction", "idle in transaction (aborted)"])
@pytest.mark.parametrize(
    ("age", "more", "action"),
    [
        (5, {}, "report"),
        (15, {}, "report"),
        (15, {"blocks": 1}, "terminate"),
        (14.9, {"blocks": 1}, "report"),
        (15, {"xid_age": 5, "transaction_seconds": 3600}, "terminate"),
        (15, {"xid_age": 5, "transaction_seconds": 3599}, "report"),
        (15, {"xid_age": None, "transaction_seconds": 7200}, "report"),
        (30, {}, "terminate"),
        (5, {"blocks": 6}, "terminate"),
        (4.9, {"blocks": 6}, "report"),
    ],
)
def test_a_transaction_left_open(state, age, more, action):
    it = session(state, age, **more)
    assert decide(it, limits("terminate")).action == action
    for policy in ("off", "cancel"):
        kept = decide(it, limits(policy))
        assert kept.action == "report"
        assert kept.withheld is (action == "terminate")


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"superuser": True}, "protected"),
        ({"user": "rdsadmin"}, "protected"),
        ({"backend_type": "walsender"}, "protected"),
        ({"backend_type": "autovacuum worker", "user": None}, "protected"),
        ({"application_name": "pg_dump"}, "owned"),
        ({"application_name": "hasivu-ops/weekly-db/20261129T203000Z"}, "owned"),
        ({"application_name": "Prisma-Migrate"}, "owned"),
        ({"user": "flyway_owner"}, "owned"),
        ({"command": "COPY"}, "owned"),
        ({"command": "CREATE"}, "owned"),
        ({"application": False}, "other"),
        ({}, "application"),
    ],
)
@pytest.mark.parametrize("state", ["active", "idle in transaction"])
def test_only_the_application_is_ever_touched(more, kind, state):
    it = session(state, 300, **{"blocks": 50, "xid_age": 10**9, **more})
    assert kind_of(it, MIGRATIONS) == kind
    action = decide(it, limits("terminate")).action
    if kind == "application":
        assert action in ("cancel", "terminate")
    else:
        assert action == ("report" if kind == "protected" else "page_owner")


def test_a_short_query_in_a_long_transaction_is_not_cancelled():
    it = session("active", 0.1, transaction_seconds=7200)
    assert decide(it, limits("terminate")).action == "page_owner"


def test_a_state_that_is_not_known_is_reported():
    assert decide(session("disabled", 300), limits("terminate")).action == "page_owner"


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "an unknown time"), (90, "90 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_durations_are_words(seconds, words):
    assert minutes(seconds) == words
