# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Counters of an application in the text format of Prometheus, and how far they rose."""

from __future__ import annotations

import re
from collections.abc import Callable

SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][^#\s{]*(?:\{[^}]*\})?)\s+(?P<value>[0-9.e+]+)")
COUNTED = r"(http_requests_total\{|orders_(created|failed)_total).*"
FAILED = r'http_requests_total\{.*status="5\d\d".*|orders_failed_total.*'


def samples(text: str) -> dict[str, float]:
    """Return the samples in a text of Prometheus.

    Raises:
        ValueError: There is none, so that it is no such text.
    """
    found = {match["name"]: float(match["value"]) for line in text.splitlines() if (match := SAMPLE.match(line))}
    if not found:
        raise ValueError("what answers there holds no counter")
    return found


def matching(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a sample is meant."""
    return lambda name: re.fullmatch(pattern, name) is not None


def rise(before: dict[str, float], after: dict[str, float], is_meant: Callable[[str], bool]) -> int:
    """Return by how much some counters rose; one that fell began anew with its process."""
    meant = ((value, before.get(name, 0)) for name, value in after.items() if is_meant(name))
    return int(sum(now if now < then else now - then for now, then in meant))
