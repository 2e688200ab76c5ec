# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks at an application until it has been good for long enough, and keeps since when in the record of the run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

from ansible.module_utils.urls import open_url
from ansible_collections.hasivu.ops.plugins.module_utils.http_counters import COUNTED, FAILED, matching, samples
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_phases import chain
from ansible_collections.hasivu.ops.plugins.module_utils.report_file import write_private
from ansible_collections.hasivu.ops.plugins.module_utils.service_level import Sample, Series

KEPT = "service.json"
ANSWER_SECONDS = 5
OK = 200


class NotGoodError(Exception):
    """Raised when the application was not good for long enough in time: its text says what was wrong."""


def look(url: str, metrics_url: str | None) -> Sample:
    """Look at an application once: its health, then its counters where it has any."""
    at = datetime.now(UTC)
    try:
        answer = open_url(url, timeout=ANSWER_SECONDS, http_agent="hasivu-ops")
        answer.read()
        if answer.getcode() != OK:
            return Sample(at, good=False, why=f"{url} answered {answer.getcode()}")
        return Sample(at, good=True, counters=counters(metrics_url) if metrics_url else {})
    except (HTTPError, URLError, OSError, ValueError) as error:
        return Sample(at, good=False, why=f"{url} did not answer well: {error}")


def counters(url: str) -> dict[str, float]:
    """Return the counters of answers and errors."""
    text = open_url(url, timeout=ANSWER_SECONDS, http_agent="hasivu-ops").read().decode()
    meant = [matching(COUNTED), matching(FAILED)]
    return {name: value for name, value in samples(text).items() if any(one(name) for one in meant)}


def watch(series: Series, take: Callable[[], Sample], wanted: dict[str, float], stopped: Callable[[], None]) -> None:
    """Take samples until the series has lasted long enough.

    Args:
        series: What the samples make.
        take: Looks once.
        wanted: `sustained_seconds` that the series must last, `sample_seconds` between two looks, `budget_seconds`.
        stopped: Does not return when the run is to stop.

    Raises:
        NotGoodError: The budget is spent.
    """
    deadline = time.monotonic() + wanted["budget_seconds"]
    while True:
        series.take(take())
        if series.first and series.sustained().total_seconds() >= wanted["sustained_seconds"]:
            return
        if time.monotonic() >= deadline:
            raise NotGoodError(series.why if series.first is None else "it has not been good for long enough yet")
        stopped()
        time.sleep(wanted["sample_seconds"])


def kept(directory: Path) -> dict[str, Any]:
    """Return the newest series that this run, or one that it goes on with, has kept."""
    for folder in reversed(chain(directory)):
        try:
            found: dict[str, Any] = json.loads((folder / KEPT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        return found
    return {}


def keep(directory: Path, series: Series) -> None:
    """Keep a series in the record of this run.

    Raises:
        OSError: The folder is missing, full or not ours.
    """
    write_private(directory / KEPT, json.dumps(series.as_dictionary(), indent=2, sort_keys=True) + "\n")
