# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where an alias leads, where it is to lead, and the way back, which the alias itself remembers.

The version before a change stands in the description of the alias, written in the same call that moves it. So whoever
goes on with a killed run, or takes it back, on whatever machine, finds the way back where the change is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

MEMORY = re.compile(r" ?\[before (?P<run>\S+): version (?P<version>\d+)\]$")
LONGEST = 256


@dataclass(frozen=True)
class Route:
    """How an alias divides its calls."""

    version: str
    other: str = ""
    share: float = 0.0
    description: str = ""

    @property
    def in_words(self) -> str:
        """Return the route in one line, for a diff."""
        if not self.other:
            return f"version {self.version}: all calls\n"
        return f"version {self.version}: {1 - self.share:.0%}\nversion {self.other}: {self.share:.0%}\n"

    def request(self) -> dict[str, Any]:
        """Return the fields of an update that bring an alias here."""
        weights = {self.other: self.share} if self.other else {}
        return {
            "FunctionVersion": self.version,
            "RoutingConfig": {"AdditionalVersionWeights": weights},
            "Description": self.description,
        }


class StrangeRouteError(Exception):
    """Raised when an alias divides its calls in a way that this change did not make."""


def route_of(alias: dict[str, Any]) -> Route:
    """Return the route of an alias as AWS describes it."""
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    other, share = next(iter(weights.items()), ("", 0.0))
    return Route(alias["FunctionVersion"], other, float(share), alias.get("Description") or "")


def remembered(description: str, origin: str) -> str:
    """Return the version before the change of a chain of runs, or nothing when the alias remembers another change."""
    found = MEMORY.search(description)
    return found["version"] if found and found["run"] == origin else ""


def remembering(description: str, origin: str, version: str) -> str:
    """Return the description that remembers the version before a change; what people wrote there stays."""
    note = f"[before {origin}: version {version}]"
    own = MEMORY.sub("", description)[: LONGEST - len(note) - 1]
    return f"{own} {note}".strip()


def canary(present: Route, version: str, share: float, origin: str) -> Route:
    """Return the route that sends a share of the calls to a version.

    Raises:
        StrangeRouteError: Somebody else is trying out another version.
    """
    if present.version == version:
        return present
    if present.other not in ("", version):
        raise StrangeRouteError(
            f"The alias sends {present.share:.0%} of its calls to version {present.other}, which is not of this change."
        )
    return Route(present.version, version, share, remembering(present.description, origin, present.version))


def whole(present: Route, version: str, origin: str) -> Route:
    """Return the route that sends every call to a version, and remembers where they went before."""
    if present.version == version:
        return Route(version, description=present.description)
    return Route(version, description=remembering(present.description, origin, present.version))


def back(present: Route, origin: str) -> Route:
    """Return the route before the change of a chain of runs; an alias that the change never moved stays as it is.

    Raises:
        StrangeRouteError: A later change moved the alias.
    """
    found = MEMORY.search(present.description)
    if found and found["run"] > origin:  # ids of runs sort by time
        raise StrangeRouteError(
            f"The alias was moved since by {found['run']}, so the way back is no longer this change's."
        )
    version = remembered(present.description, origin)
    return Route(version, description=MEMORY.sub("", present.description)) if version else present
