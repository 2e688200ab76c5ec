# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Events of CloudTrail's event history: all pages, and no faster than AWS allows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Window:
    """From when to when events are looked for."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Question:
    """One look-up: the API takes one attribute in each."""

    region: str
    name: str
    value: str

    @property
    def where(self) -> str:
        """Return how a finding calls it."""
        return f"CloudTrail {self.region} {self.value}"


@dataclass(frozen=True)
class Event:
    """A call that changed something, as CloudTrail tells it."""

    name: str
    source: str
    at: datetime
    region: str
    user: str
    principal: str
    root: bool
    error: str
    sent: dict[str, Any]
    id: str


class Pace:
    """Lets no more requests through than AWS takes in a second."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with a request that need not wait."""
        self._gap = 1 / per_second
        self._clock = clock
        self._next = clock()

    def wait(self) -> None:
        """Wait until the next request may be made."""
        time.sleep(max(0.0, self._next - self._clock()))
        self._next = self._clock() + self._gap


def look_up(client: Any, question: Question, window: Window, pace: Pace, most_pages: int) -> list[Event]:
    """Return every event of a question that was no reading.

    Raises:
        RuntimeError: There are more pages than `most_pages`.
    """
    asked: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": question.name, "AttributeValue": question.value}],
        "StartTime": window.start,
        "EndTime": window.end,
    }
    found: list[Event] = []
    for _ in range(most_pages):
        pace.wait()
        page = client.lookup_events(**asked)
        found += changes(page["Events"], question.region)
        if "NextToken" not in page:
            return found
        asked["NextToken"] = page["NextToken"]
    raise RuntimeError(f"the answer has more than {most_pages} pages")


def changes(shown: list[dict[str, Any]], region: str) -> Iterator[Event]:
    """Return the events that were no reading."""
    return (event(one, region) for one in shown if one.get("ReadOnly") != "true")


def event(shown: dict[str, Any], region: str) -> Event:
    """Return an event of LookupEvents, read."""
    told = json.loads(shown.get("CloudTrailEvent") or "{}")
    identity = told.get("userIdentity") or {}
    return Event(
        name=shown["EventName"],
        source=shown["EventSource"],
        at=shown["EventTime"],
        region=told.get("awsRegion", region),
        user=shown.get("Username") or identity.get("type", "unknown"),
        principal=principal_of(identity),
        root=identity.get("type") == "Root",
        error=told.get("errorCode", ""),
        sent=told.get("requestParameters") or {},
        id=shown["EventId"],
    )


def principal_of(identity: dict[str, Any]) -> str:
    """Return the user or role behind a call, as `user/NAME` or `role/NAME`, or whatever else called."""
    issuer = (identity.get("sessionContext") or {}).get("sessionIssuer") or {}
    arn = issuer.get("arn") or identity.get("arn") or identity.get("invokedBy") or identity.get("type", "unknown")
    name: str = arn.rpartition(":")[2]
    return f"{name.partition('/')[0]}/{name.rpartition('/')[2]}" if "/" in name else name
