"""Schedules for what starts procedures by time: systemd, Kubernetes, AWX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from hasivu_play.header import Header
from hasivu_play.schedule_awx import awx_play
from hasivu_play.schedule_cronjob import cron_job
from hasivu_play.schedule_order import Order
from hasivu_play.schedule_systemd import units

NOTE = "# Written by `hasivu-play schedule export {style}`; write it again when a header changes.\n"
Files = dict[str, str]


class Dumper(yaml.SafeDumper):
    """Writes lists below their key as yamllint wants them, and repeats what two places share."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists too."""
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: object) -> bool:
        """Write no anchors."""
        return True


@dataclass(frozen=True)
class Style:
    """A way to start procedures by time."""

    write: Callable[[list[Header], Order, datetime], Files]
    needs_image: bool = False


def systemd(headers: list[Header], order: Order, _now: datetime) -> Files:
    """Return a service and a timer for each procedure."""
    found = [units(header, order) for header in headers]
    return {name: NOTE.format(style="systemd") + text for files in found for name, text in files.items()}


def kubernetes(headers: list[Header], order: Order, _now: datetime) -> Files:
    """Return one manifest with a CronJob for each procedure."""
    documents = [as_yaml(cron_job(header, order)) for header in headers]
    return {"cronjobs.yml": "".join([NOTE.format(style="kubernetes"), *(f"---\n{text}" for text in documents)])}


def awx(headers: list[Header], order: Order, now: datetime) -> Files:
    """Return one playbook that makes a job template and a schedule for each procedure."""
    text = as_yaml([awx_play(headers, order, now)])
    return {"awx-schedules.yml": f"---\n{NOTE.format(style='awx')}{text}"}


def as_yaml(value: object) -> str:
    """Return a value as YAML in the order in which it was built."""
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)


STYLES = {"systemd": Style(systemd), "kubernetes": Style(kubernetes, needs_image=True), "awx": Style(awx)}


def write(files: Files, directory: Path) -> list[Path]:
    """Write files into a directory, and return where they are."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / name for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)  # they hold no secret, and systemd complains of units that others cannot read
    return paths


def as_text(files: Files) -> str:
    """Return files one after another, each below its name where there are more."""
    if len(files) == 1:
        return next(iter(files.values())).rstrip("\n")
    return "\n\n".join(f"# {name}\n{text.rstrip()}" for name, text in files.items())
