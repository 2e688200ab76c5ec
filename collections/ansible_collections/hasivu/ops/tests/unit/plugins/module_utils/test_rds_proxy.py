# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A proxy is chosen by where the login goes, refused with a reason, and leads to one instance at a time."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.rds_proxy import Leading, TargetError, chosen, objections
from botocore.exceptions import ClientError

OPTIONS = {"proxy": "front", "target_group": "default", "instance_id": "new", "deadline_seconds": 5, "poll_seconds": 0}
AVAILABLE, REGISTERING = {"State": "AVAILABLE"}, {"State": "REGISTERING"}
REFUSED = {"State": "UNAVAILABLE", "Reason": "AUTH_FAILURE"}
UNREACHED = {"State": "UNAVAILABLE", "Reason": "UNREACHABLE"}
LOGIN = {"host": "front.example", "port": "5432"}


def proxy(name: str = "front", **other: Any) -> dict[str, Any]:
    """Return a proxy through which the login comes, but for what is named otherwise."""
    plain = {"name": name, "status": "available", "host": f"{name}.example", "port": 5432, "secrets": ["arn"]}
    return {**plain, "targets": {"old": AVAILABLE}, **other}


class Rds:
    """An RDS whose proxy leads to `old`; each look at a new target shows the next of some states."""

    def __init__(self, *states: dict[str, Any], lost: bool = False) -> None:
        """Show these states; with `lost`, the answer to each change is an error after the deed."""
        self.targets, self.states, self.lost = ["old"], list(states), lost
        self.calls: list[str] = []

    def get_paginator(self, _operation: str) -> Rds:
        """Be one's own paginator."""
        return self

    def paginate(self, **_asked: Any) -> list[dict[str, Any]]:
        """Show the targets."""
        health = self.states[0] if len(self.states) == 1 or "new" not in self.targets else self.states.pop(0)
        return [{"Targets": [{"RdsResourceId": name, "TargetHealth": health} for name in self.targets]}]

    def register_db_proxy_targets(self, **asked: Any) -> None:
        """Take a target."""
        self._note("register", "DBProxyTargetAlreadyRegisteredFault", asked)
        self.targets += asked["DBInstanceIdentifiers"]
        self._answer("DBProxyTargetAlreadyRegisteredFault")

    def deregister_db_proxy_targets(self, **asked: Any) -> None:
        """Give a target up."""
        self._note("deregister", "DBProxyTargetNotFoundFault", asked)
        self.targets.remove(*asked["DBInstanceIdentifiers"])
        self._answer("DBProxyTargetNotFoundFault")

    def _note(self, call: str, _code: str, asked: dict[str, Any]) -> None:
        self.calls.append(f"{call} {asked['DBInstanceIdentifiers'][0]}")

    def _answer(self, code: str) -> None:
        if self.lost:
            raise ClientError({"Error": {"Code": code}}, "Change")


def led(rds: Rds, **options: Any) -> tuple[bool, dict[str, Any]]:
    """Let the proxy lead where it shall, and return whether that was a change and the health at the end."""
    leading = Leading(rds, {**OPTIONS, **options}, lambda _said: None)
    before = leading.find()
    differs = leading.differs(before)
    leading.lead(before)
    return differs, leading.wait()


@pytest.mark.parametrize("lost", [False, True])
def test_the_old_target_goes_before_the_new_one_comes_and_is_waited_for(lost: bool) -> None:
    rds = Rds(REGISTERING, UNREACHED, AVAILABLE, lost=lost)
    assert led(rds) == (True, AVAILABLE)
    assert rds.calls == ["deregister old", "register new"]


def test_what_leads_there_already_is_left_alone_and_nowhere_is_a_place_too() -> None:
    rds = Rds(AVAILABLE)
    assert led(rds, instance_id="old") == (False, AVAILABLE)
    assert rds.calls == []
    assert led(rds, instance_id="") == (True, {})
    assert (rds.calls, rds.targets) == (["deregister old"], [])


def test_a_login_that_the_target_refuses_ends_the_wait_at_once_and_one_that_is_not_reached_at_the_deadline() -> None:
    with pytest.raises(TargetError, match="AUTH_FAILURE") as refused:
        led(Rds(REGISTERING, REFUSED), deadline_seconds=3600)
    assert refused.value.stop == "resumable"
    with pytest.raises(TargetError, match="UNREACHABLE") as late:
        led(Rds(UNREACHED), deadline_seconds=0)
    assert late.value.stop == "budget"


def test_the_proxy_that_the_login_comes_through_is_taken_before_others_that_lead_there() -> None:
    known = [proxy("elsewhere", targets={"other": AVAILABLE}), proxy("side"), proxy("front")]
    assert chosen(known, "", "old", LOGIN)["name"] == "front"
    assert chosen(known, "", "old", {"host": "direct"})["name"] == "side"
    assert chosen(known, "elsewhere", "old", LOGIN)["name"] == "elsewhere"
    assert chosen(known, "absent", "old", LOGIN) == chosen(known, "", "absent", LOGIN) == {}


@pytest.mark.parametrize(
    ("found", "login", "said"),
    [
        ({}, LOGIN, "No RDS proxy leads to old."),
        (proxy(status="modifying"), LOGIN, "front is modifying"),
        (proxy(targets={"other": AVAILABLE}), LOGIN, "leads to other, not to old"),
        (proxy(secrets=["another"]), LOGIN, "does not use the login"),
        (proxy(), {"host": "direct", "port": 5432}, "names direct, not the endpoint front.example"),
        (proxy(), {"host": "front.example", "port": 5433}, "not the endpoint"),
    ],
)
def test_a_proxy_that_cannot_send_the_application_elsewhere_is_refused(
    found: dict[str, Any], login: dict[str, Any], said: str
) -> None:
    (sentence,) = objections(found, "", "old", login, "arn")
    assert said in sentence


def test_one_that_can_has_no_objection_with_or_without_a_target() -> None:
    assert objections(proxy(), "", "old", LOGIN, "arn") == []
    assert objections(proxy(targets={}), "front", "old", {"host": "front.example"}, "arn") == []
