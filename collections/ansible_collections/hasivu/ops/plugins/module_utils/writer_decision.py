# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a writer is to be set to: at rest, or as it was captured, a step at a time."""

from __future__ import annotations

import math
from typing import Any

FEW = 5
SHARE = 0.25

# In this order writers are brought to rest; they are returned in the reverse one.
KINDS = (
    "schedules",
    "rules",
    "mappings",
    "functions",
    "cron_jobs",
    "scaled_objects",
    "autoscalers",
    "deployments",
)
STAGES = {
    "schedules": ("schedules", "rules"),
    "mappings": ("mappings",),
    "functions": ("functions",),
    "cron_jobs": ("cron_jobs",),
    "deployments": ("scaled_objects", "autoscalers", "deployments"),
}
RESTING: dict[str, Any] = {
    "schedules": "DISABLED",
    "rules": "DISABLED",
    "mappings": "Disabled",
    "functions": 0,
    "cron_jobs": True,
    "scaled_objects": "0",
    "autoscalers": "Disabled",
    "deployments": 0,
}


def kinds_of(stages: list[str], returning: bool) -> list[str]:
    """Return the kinds of some stages, in the order in which they are worked on."""
    chosen = {kind for stage in stages for kind in STAGES[stage]}
    order = reversed(KINDS) if returning else KINDS
    return [kind for kind in order if kind in chosen]


def replicas(was: int, now: int, bounds: tuple[int, int] | None, canary: bool) -> int:
    """Return how many replicas a Deployment gets back.

    Never any that were not captured, never fewer than it has now for a canary, and within the bounds of its autoscaler,
    which may have been changed meanwhile.
    """
    if was == 0:
        return 0
    if canary:
        return max(1, now)
    if bounds is None:
        return was
    least, most = bounds
    return min(max(was, least), most)


def concurrency(was: int | None, now: int | None, level: str, share_of_account: int) -> int | None:
    """Return the reserved concurrency of a function at a level: `few`, `quarter` or `captured`; nothing is no limit.

    A level never takes back what a later one has given, so that a resumed run goes on and does not begin anew.
    """
    if level == "captured":
        return was
    wanted = FEW if level == "few" else max(FEW, quarter(was, share_of_account))
    if was is not None:
        wanted = min(was, wanted)
    return now if now is None or now > wanted else wanted


def quarter(was: int | None, share_of_account: int) -> int:
    """Return a quarter of what a function had; without a limit, of what it may count on in the account."""
    return math.ceil(SHARE * (share_of_account if was is None else was))


def share_of_account(unreserved: int, functions: int) -> int:
    """Return what each of some functions without a limit may count on."""
    return unreserved // max(functions, 1)
