# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scan: one program after another, each in a room of its own, within the time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import scan_process, scan_program, scan_reuse
from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import (
    Database,
    Ended,
    Room,
    Scan,
    ScanError,
    Scanner,
    Target,
)
from ansible_collections.hasivu.ops.plugins.module_utils.scan_program import Program
from ansible_collections.hasivu.ops.plugins.module_utils.scan_reading import read_json
from ansible_collections.hasivu.ops.plugins.module_utils.scan_sharing import Sharing

WAIT_SECONDS = 0.1
VERSION_SECONDS = 60


@dataclass
class Work:
    """All that a run of scans needs to know, and what it gathers."""

    tools: dict[str, dict[str, Any]]
    mirrors: dict[str, str]
    directory: str
    seconds: int
    deadline: float
    previous_report: str
    before: dict[Any, Scan]
    sharing: Sharing
    stop_asked: Callable[[], bool]
    programs: dict[str, Program] = field(default_factory=dict)
    findings: list[dict[str, str]] = field(default_factory=list)
    bills: int = 0

    def prepare(self, name: str, without: list[str]) -> None:
        """Find a program and check that it is the right one; otherwise its scans do not take place."""
        tool = self.tools.get(name, {})
        path = scan_program.locate(name, tool)
        if path is None:
            self.findings.append(scan_program.missing(name, without))
            return
        try:
            program = scan_program.identify(name, path, tool, lambda command: self.run(name, command, VERSION_SECONDS))
            reason = scan_program.objection(program, tool)
        except (ScanError, OSError) as error:
            reason = str(error)
        if reason:
            self.findings.append(scan_program.refused(name, reason))
            return
        self.programs[name] = program
        if not program.pinned:
            self.findings.append(scan_program.unpinned(program))

    def run(self, name: str, command: list[str], seconds: float, home: Path | None = None) -> Ended:
        """Run a command in the environment of a scanner; without a home it gets an empty one for itself."""
        with tempfile.TemporaryDirectory(prefix="hasivu-scan-") as own:
            place = home or Path(own)
            named = scan_program.QUIET.get(name, {}) | (self.tools.get(name, {}).get("environment") or {})
            variables = scan_process.environment(command[0], place, named)
            return scan_process.run(command, variables, place, seconds, self.stop_asked)

    def scan(self, scanner: Scanner, target: Target) -> Scan:
        """Scan, or use what the last run found of the same; a scan that failed says why."""
        begun = time.monotonic()
        program = self.programs.get(scanner.program)
        first = Scan(scanner.name, target.name, target.digest, target.kind, "failed")
        if program is None:
            reason = f"did not take place, for {scanner.program} is not there or may not be run"
            return replace(first, outcome="missed", reason=reason)
        if begun >= self.deadline:
            return replace(first, reason="did not take place, for the time is over")
        first = replace(first, program=program.identity)
        with tempfile.TemporaryDirectory(prefix="hasivu-scan-") as temporary:
            tool = self.tools.get(scanner.program, {})
            room = Room(Path(temporary), self.mirrors, tool.get("cache") or "", self.seconds)
            try:
                with self.sharing.turn(first, self.wait):
                    done = self.shared(first) or self.work(scanner, target, room, first)
            except ScanError as error:
                done = replace(first, reason=str(error))
        return replace(done, seconds=round(time.monotonic() - begun, 3))

    def wait(self) -> None:
        """Wait a moment for another procedure that is at the same scan.

        Raises:
            ScanError: The time is over.
            StopError: The run was asked to stop.
        """
        if self.stop_asked():
            raise scan_process.StopError
        if time.monotonic() >= self.deadline:
            raise ScanError("did not take place, for the time is over")
        time.sleep(WAIT_SECONDS)

    def shared(self, first: Scan) -> Scan | None:
        """Return the same scan as another procedure of this rehearsal made it, if one did."""
        found = self.sharing.find(first)
        if found is None:
            return None
        scan, bill = found
        return replace(scan, bill=self.copy_bill(scan.scanner, bill))

    def copy_bill(self, scanner: str, bill: str) -> str:
        """Write the bill of materials of another scan into this record, and return its name."""
        if not bill:
            return ""
        self.bills += 1
        return scan_reuse.keep_bill(self.directory, self.bills, scanner, bill)

    def work(self, scanner: Scanner, target: Target, room: Room, first: Scan) -> Scan:
        """Ask the database for its date, then scan and keep the bill of materials.

        Raises:
            ScanError: Something of it told nothing that can be relied on.
        """
        path = scan_program.locate(scanner.program, self.tools.get(scanner.program, {})) or scanner.program

        def call(arguments: list[str]) -> Ended:
            left = min(self.seconds, max(self.deadline - time.monotonic(), 1))
            return self.run(scanner.program, [path, *arguments], left, room.temporary)

        known = self.known_database(scanner, room, call)
        again = self.before.get(scan_reuse.key_of(replace(first, database=known))) if known else None
        copied = self.previous_bill(again) if again else None
        if again and copied is not None:
            return replace(again, bill=copied)
        parsed = scanner.parse(call(scanner.arguments(target, room)), target, room)
        database = scanner.database(room, call)
        told = {"hits": tuple(parsed.hits), "left_out": tuple(parsed.left_out), "looked_at": parsed.looked_at}
        found = replace(first, outcome="done", **told)
        bill = self.make_bill(scanner, target, room, call)
        found = replace(found, database=database, bill=self.copy_bill(scanner.name, bill))
        self.sharing.leave(found, bill)
        return found

    def known_database(self, scanner: Scanner, room: Room, call: Callable[[list[str]], Ended]) -> Database | None:
        """Return the database as it is before the scan, or nothing where only the scan brings it."""
        if not self.before:
            return None
        try:
            return scanner.database(room, call)
        except ScanError:
            return None

    def previous_bill(self, scan: Scan) -> str | None:
        """Copy the bill of materials of an earlier scan into this record; without it the scan is made anew."""
        if not scan.bill:
            return ""
        try:
            bill = scan_reuse.sealed(self.previous_report, scan.bill)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return self.copy_bill(scan.scanner, bill)

    def make_bill(self, scanner: Scanner, target: Target, room: Room, call: Callable[[list[str]], Ended]) -> str:
        """Return the bill of materials, or nothing, for not every scanner has one.

        Raises:
            ScanError: It could not be made.
        """
        if scanner.bill is None:
            return ""
        ended = call(scanner.bill(target, room))
        bill = read_json(ended, (0, 1))
        if not isinstance(bill, dict) or bill.get("bomFormat") != "CycloneDX":
            raise ScanError("made no bill of materials")
        return ended.out
