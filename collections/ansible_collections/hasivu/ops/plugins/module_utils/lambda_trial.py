# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""One call of a version with an event that does nothing, and what came of it; the answer itself is told to nobody."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

CLIENT_ERROR = 400


@dataclass(frozen=True)
class Trial:
    """What came of a call: how long it took, and why it counts as failed, if it does."""

    milliseconds: int
    failure: str = ""


def call_once(caller: Any, function: str, version: str, event: dict[str, Any]) -> Trial:
    """Call a version and wait for its answer."""
    begun = time.monotonic()
    answer = caller.invoke(FunctionName=function, Qualifier=version, Payload=json.dumps(event).encode())
    payload = answer["Payload"].read()
    return Trial(int((time.monotonic() - begun) * 1000), failure_of(answer, payload))


def failure_of(answer: dict[str, Any], payload: bytes) -> str:
    """Return why an answer is a failure, or nothing; its message may hold anything, so only its kind is told."""
    try:
        content = json.loads(payload or b"null")
    except ValueError:
        return "it answered with something that is no JSON"
    found = content if isinstance(content, dict) else {}
    if answer.get("FunctionError"):
        return f"it ended with {found.get('errorType') or answer['FunctionError']}"
    status = found.get("statusCode")
    return f"it answered with status {status}" if isinstance(status, int) and status >= CLIENT_ERROR else ""
