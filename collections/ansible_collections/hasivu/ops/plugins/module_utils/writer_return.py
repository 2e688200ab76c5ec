# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Returning the captured writers: one replica first, then all, then what calls them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError, URLError

from ansible.module_utils.urls import open_url
from ansible_collections.hasivu.ops.plugins.module_utils.writer_aws import GoneError, WriterError
from ansible_collections.hasivu.ops.plugins.module_utils.writer_capture import bounds_of, name_of
from ansible_collections.hasivu.ops.plugins.module_utils.writer_decision import (
    concurrency,
    replicas,
    share_of_account,
)
from ansible_collections.hasivu.ops.plugins.module_utils.writer_kubernetes import Autoscalers, Deployments
from ansible_collections.hasivu.ops.plugins.module_utils.writer_setting import LOOK_SECONDS, Setter
from ansible_collections.hasivu.ops.plugins.module_utils.writer_work import Work, interface

Decide = Callable[[str, Any], Any]

HEALTH_SECONDS = 10


def give_back(work: Work) -> list[str]:
    """Return the writers of the stages, the canary first, and return what is to be told.

    Raises:
        WriterError: One cannot be returned, or is not well.
    """
    options = work.module.params
    told: list[str] = []
    if "canary" in options["stages"]:
        told += return_deployments(work, [options["canary"]], canary=True)
    for kind in in_order(work.kinds):
        names = list(work.captured(kind))
        if kind == "deployments" and names:
            told += return_deployments(work, names, canary=False)
        elif names:
            setter = work.setter(kind)
            setter.settle(setter.set(names, decision(work, kind, setter), work.report))
    return told


def in_order(kinds: list[str]) -> list[str]:
    """Return kinds in the order of a return: pods before anything that calls functions."""
    order = ("deployments", "autoscalers", "scaled_objects", "cron_jobs", "functions", "mappings", "rules", "schedules")
    return [kind for kind in order if kind in kinds]


def decision(work: Work, kind: str, setter: Setter) -> Decide:
    """Return what decides to what each writer of a kind is set."""
    captured = work.captured(kind)
    if kind != "functions":
        return lambda name, _now: captured[name]["value"]
    level = work.module.params["level"]
    share = share_of_functions(captured, setter.api) if level == "quarter" else 0
    return lambda name, now: concurrency(captured[name]["value"], now, level, share)


def share_of_functions(captured: dict[str, dict[str, Any]], functions: Any) -> int:
    """Return what each function without a limit may count on, with what is reserved for it at present."""
    unlimited = [name for name, entry in captured.items() if entry["value"] is None]
    held = sum(functions.read(name) or 0 for name in unlimited)
    return share_of_account(functions.unreserved() + held, len(unlimited))


def return_deployments(work: Work, names: list[str], canary: bool) -> list[str]:
    """Return Deployments, let those with older pods replace them, wait until they serve and are well."""
    captured, setter = work.captured("deployments"), work.setter("deployments")
    bounds = bounds_by_target(work)
    told: list[str] = []

    def decide(name: str, now: int) -> int:
        was = captured[name]["value"]
        wanted = replicas(was, now, bounds.get(name), canary)
        if canary and wanted < bounds.get(name, (0, 0))[0]:
            told.append(f"The autoscaler of {name} will raise the one replica to {bounds[name][0]} by itself.")
        if not canary and wanted != was:
            told.append(f"{name} had {was} replicas and gets {wanted}, for its autoscaler now keeps to {bounds[name]}.")
        return wanted

    if not work.module.params["version"]:
        put_back(work, setter.api, names)
    wanted = setter.set(names, decide, work.report)
    for name in wanted:
        roll(work, setter.api, name, captured[name]["value"])
    setter.settle(wanted, fixed=False)
    for name, count in wanted.items():
        if count and not work.module.check_mode:
            wait_until_well(work, name)
    return told


def bounds_by_target(work: Work) -> dict[str, tuple[int, int]]:
    """Return between how many replicas the autoscaler of each Deployment keeps at present."""
    found: Autoscalers = interface(work.module, "autoscalers")
    return {
        one["spec"]["scaleTargetRef"]["name"]: (bounds["least"], bounds["most"])
        for one in found.all()
        if name_of(one) and (bounds := bounds_of(one))
    }


def put_back(work: Work, deployments: Deployments, names: list[str]) -> None:
    """Let pod templates name the version of the secret that they named when they were captured."""
    for name in names:
        version = work.captured("deployments")[name].get("version")
        with suppress(GoneError):  # who counts the writers that are gone notes it
            if version is not None and deployments.put_back(name, version, work.module.check_mode):
                work.report.calls.append(f"patch deployments/{name} secret version {version or 'removed'}")


def roll(work: Work, deployments: Deployments, name: str, was: int) -> None:
    """Let a Deployment replace pods that hold an older version of the secret."""
    options = work.module.params
    if not was or not options["version"]:
        return
    if deployments.roll(name, options["version"], options["since"], work.module.check_mode):
        work.report.calls.append(f"patch deployments/{name} rollout for {options['version']}")


def wait_until_well(work: Work, name: str) -> None:
    """Wait until a Deployment answers that it can read and write.

    Raises:
        WriterError: It does not in time.
    """
    url = work.module.params["health"].get(name)
    while url:
        problem = ailment(url)
        if not problem:
            return
        if time.monotonic() > work.deadline:
            raise WriterError(f"{name} is not well: {url} answers {problem}")
        work.tell(f"{name} is not well yet: {problem}")
        time.sleep(LOOK_SECONDS)


def ailment(url: str) -> str:
    """Return what is wrong with an address, or nothing when it answers 200."""
    try:
        status = open_url(url, timeout=HEALTH_SECONDS).getcode()
    except HTTPError as error:
        return f"{error.code}"
    except (URLError, OSError) as error:
        return f"nothing ({error})"
    return "" if status == 200 else f"{status}"
