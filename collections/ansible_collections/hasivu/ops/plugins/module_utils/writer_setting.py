# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Setting writers: look, set what is not as wanted, and wait until it is and stays so."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ansible_collections.hasivu.ops.plugins.module_utils.writer_aws import BusyError, GoneError, WriterError

LOOK_SECONDS = 0.25
PATIENCE_SECONDS = 5.0


class Kind(Protocol):
    """One kind of writer, each of which has one setting."""

    def read(self, name: str) -> Any:
        """Return the setting of one."""

    def write(self, name: str, value: Any) -> None:
        """Set one."""

    def call(self, name: str, value: Any) -> str:
        """Say which call sets one."""

    def unsettled(self, name: str) -> str:
        """Return what one still does, or nothing."""

    def problem(self, name: str) -> str:
        """Return why one will not settle by itself, or nothing."""

    def author(self, name: str) -> str:
        """Return who changed one last."""


@dataclass
class Report:
    """What was done, and what is to be told."""

    calls: list[str] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    def note(self, key: str, before: Any, after: Any, call: str) -> None:
        """Note one change."""
        self.calls.append(call)
        self.before.setdefault(key, before)
        self.after[key] = after


@dataclass(frozen=True)
class Setter:
    """Sets the writers of one kind.

    Attributes:
        kind: Name of the kind.
        api: How one of them is read and set.
        dry_run: Whether only to say what would be done.
        deadline: When patience ends, by the monotonic clock.
        tell: What is called with each progress.
        assumed: What a rehearsal takes for the setting of each; without it each is read.
    """

    kind: str
    api: Kind
    dry_run: bool
    deadline: float
    tell: Callable[[str], None]
    assumed: Any = None

    def set(self, names: list[str], decide: Callable[[str, Any], Any], report: Report) -> dict[str, Any]:
        """Set what is not as decided, and return what each is to be; what does not exist is noted.

        Raises:
            WriterError: One cannot be read or set.
        """
        wanted = {}
        for name in names:
            try:
                now = self.api.read(name) if self.assumed is None else self.assumed
                wanted[name] = decide(name, now)
                if now != wanted[name]:
                    self.write(name, wanted[name])
                    report.note(f"{self.kind}/{name}", now, wanted[name], self.api.call(name, wanted[name]))
            except GoneError:
                report.gone.append(f"{self.kind}/{name}")
        return wanted

    def write(self, name: str, value: Any) -> None:
        """Set one, as soon as nobody else changes it.

        Raises:
            WriterError: It cannot be set, or somebody went on changing it.
        """
        while not self.dry_run:
            try:
                return self.api.write(name, value)
            except BusyError:
                if time.monotonic() > self.deadline:
                    raise
                time.sleep(LOOK_SECONDS)
        return None

    def settle(self, wanted: dict[str, Any], fixed: bool = True) -> None:
        """Wait until each has settled; `fixed` asks that it has the setting that it was given.

        Raises:
            WriterError: One has not in time or will not at all, or somebody took the setting back.
        """
        given: set[str] = set()
        unwell: dict[str, float] = {}
        while not self.dry_run:
            left = {name: said for name, value in wanted.items() if (said := self.left(name, value, fixed, given))}
            self.check_problems(left, unwell)
            if not left:
                return
            said = "; ".join(f"{name}: {one}" for name, one in left.items())
            if time.monotonic() > self.deadline:
                raise WriterError(f"{said}, and the time for it is over")
            self.tell(f"{self.kind}: {said}")
            time.sleep(LOOK_SECONDS)

    def left(self, name: str, value: Any, fixed: bool, given: set[str]) -> str:
        """Return what is left until one has settled, or nothing."""
        now = self.api.read(name) if fixed else value
        if now == value:
            given.add(name)
            return self.api.unsettled(name)
        if name in given:
            raise WriterError(f"{name} was set back to {now} by {self.api.author(name)}")
        return f"it is {now} and not yet {value}"

    def check_problems(self, left: dict[str, str], unwell: dict[str, float]) -> None:
        """Give up on one that has been unwell for some seconds."""
        for name in left:
            problem = self.api.problem(name)
            if not problem:
                unwell.pop(name, None)
            elif time.monotonic() - unwell.setdefault(name, time.monotonic()) > PATIENCE_SECONDS:
                raise WriterError(f"{name} will not settle: {problem}")
