# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Gitleaks: secrets in the whole history of a repository (https://github.com/gitleaks/gitleaks).

`gitleaks git` follows the deprecated `gitleaks detect` since 8.19.
The report is a list of `Finding` in report/finding.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import (
    HISTORY,
    NO_DATABASE,
    SECRET,
    Database,
    Ended,
    Hit,
    Parsed,
    Room,
    ScanError,
    Scanner,
    Target,
)
from ansible_collections.hasivu.ops.plugins.module_utils.scan_process import last_line
from ansible_collections.hasivu.ops.plugins.module_utils.scan_reading import entries, read_json, text

# Gitleaks ends with 1 when it fails, so that hits get an exit code of their own.
HIT = 10
GOOD_CODES = (0, HIT)
REPORT = "gitleaks.json"


def arguments(target: Target, room: Room) -> list[str]:
    """Return the arguments; what it finds is redacted before it is written."""
    return [
        "git",
        "--redact",
        "--no-banner",
        "--report-format",
        "json",
        "--report-path",
        str(room.temporary / REPORT),
        "--exit-code",
        str(HIT),
        str(target.path),
    ]


def parse(ended: Ended, target: Target, room: Room) -> Parsed:
    """Return the hits; no report is no pass."""
    try:
        report = (room.temporary / REPORT).read_text(encoding="utf-8")
    except OSError as error:
        raise ScanError(f"wrote no report and {last_line(ended)}") from error
    hits = [hit_of(found) for found in entries(read_json(ended, GOOD_CODES, report), "findings")]
    if bool(hits) != (ended.code == HIT):
        raise ScanError(f"wrote a report that its exit code {ended.code} does not fit")
    return Parsed(hits, 1)


def hit_of(found: dict[str, Any]) -> Hit:
    """Return one hit: rule, commit, file and line, and none of the fields that quote."""
    rule = text(found, "RuleID")
    where = f"{text(found, 'File')}:{found.get('StartLine', 0)} of commit {text(found, 'Commit')[:12]}"
    return Hit(f"secret-{rule}", SECRET, "high", where, str(found.get("Description") or rule)[:300])


def database(room: Room, run: Callable[[list[str]], Ended]) -> Database:
    """Return that the rules are those of the program."""
    return NO_DATABASE


SCANNER = Scanner("gitleaks", "gitleaks", HISTORY, arguments, parse, database)
