"""What closes the platform, and what a look from outside proves."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hasivu.ops.plugins.modules.maintenance_response import (
    ANNOTATION,
    CLOSED_BY,
    is_as_wanted,
    wanted_annotations,
)


def test_an_open_platform_has_no_annotation_and_a_closed_one_says_when_to_come_back_and_who_closed_it() -> None:
    options = {"retry_after_seconds": 600, "exempt": ["/health*"], "by": "run-1"}
    assert wanted_annotations({**options, "state": "off"}) == {ANNOTATION: None, CLOSED_BY: None}
    wanted = wanted_annotations({**options, "state": "on"})
    assert json.loads(wanted[ANNOTATION] or "") == {"retry_after": 600, "exempt": ["/health*"]}
    assert wanted[CLOSED_BY] == "run-1"
    assert wanted_annotations({**options, "state": "on", "by": ""})[CLOSED_BY] is None


@pytest.mark.parametrize(
    ("closed", "exempt", "state", "proven"),
    [
        (503, 200, "on", True),
        (503, 404, "on", True),
        (503, 503, "on", False),
        (0, 200, "on", False),
        (200, 200, "on", False),
        (200, 200, "off", True),
        (503, 200, "off", False),
    ],
)
def test_closed_is_what_says_when_to_come_back_and_lets_the_exempt_in(
    closed: int, exempt: int, state: str, proven: bool
) -> None:
    assert is_as_wanted({"closed_path": closed, "open_path": exempt}, state) is proven
