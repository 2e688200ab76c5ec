# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order in which sessions are ended, against a server that answers as it is told."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_action import act
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_sql import CANCEL, STILL_THERE, TERMINATE

NAMES = {CANCEL: "cancel", STILL_THERE: "look", TERMINATE: "terminate"}


class Server:
    """Answers each statement on a session with what the test says."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def ask(self, statement: str, session: dict[str, Any]) -> list[dict[str, Any]]:
        name = NAMES[statement]
        self.asked.append(name)
        answer = self.answers.get(name, [{"done": True}])
        if answer is PermissionError:
            raise PermissionError
        return answer


@pytest.mark.parametrize(
    ("action", "answers", "outcome"),
    [
        ("terminate", {}, "terminated"),
        ("terminate", {"terminate": []}, "gone"),
        ("terminate", {"terminate": [{"done": False}]}, "not_ended"),
        ("terminate", {"terminate": PermissionError}, "not_permitted"),
        ("cancel", {"look": []}, "cancelled"),
        ("cancel", {"cancel": []}, "gone"),
        ("cancel", {"cancel": PermissionError}, "not_permitted"),
        ("cancel", {}, "not_ended"),
    ],
)
def test_each_answer_has_its_outcome(action, answers, outcome):
    session = {"pid": 1, "action": action, "then_terminate": False, "outcome": "none"}
    assert act([session], Server(**answers).ask, 0, lambda: None) is None
    assert session["outcome"] == outcome


def test_a_session_is_ended_only_after_its_cancel_has_failed():
    server = Server()
    session = {"pid": 1, "action": "cancel", "then_terminate": True, "outcome": "none"}
    act([session], server.ask, 0, lambda: None)
    assert server.asked == ["cancel", "look", "terminate"]
    assert session["outcome"] == "terminated"


def test_a_stop_ends_nobody_any_more():
    server = Server()
    session = {"pid": 1, "action": "cancel", "then_terminate": True, "outcome": "none"}
    assert act([session], server.ask, 10, lambda: "stop") == "stop"
    assert "terminate" not in server.asked
