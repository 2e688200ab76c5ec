# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""detect-secrets: secrets in files, of a commit or of a history (https://github.com/Yelp/detect-secrets)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import (
    COMMIT,
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
from ansible_collections.hasivu.ops.plugins.module_utils.scan_reading import entries, read_json, text

GOOD_CODES = (0,)
SALT = secrets.token_bytes(16)
LAID_OUT = re.compile(r"([0-9a-f]{12})/(.+)")


def arguments(target: Target, room: Room) -> list[str]:
    """Return the arguments of a scan of every file, which tries no secret against its service."""
    return ["-C", str(target.path), "scan", "--all-files", "--no-verify", "."]


def parse(ended: Ended, target: Target, room: Room) -> Parsed:
    """Return the hits; a report without detectors is no pass."""
    answer = read_json(ended, GOOD_CODES)
    if not isinstance(answer, dict) or not isinstance(answer.get("results"), dict) or not answer.get("plugins_used"):
        raise ScanError("printed JSON that is no report")
    found = [entry for name, listed in answer["results"].items() for entry in entries(listed, f"what it hit in {name}")]
    return Parsed([hit_of(entry, target) for entry in found], sum(path.is_file() for path in target.path.rglob("*")))


def hit_of(found: dict[str, Any], target: Target) -> Hit:
    """Return one hit: kind, file and line, and a salted token that tells equal secrets of one run."""
    kind = text(found, "type")
    name = text(found, "filename").removeprefix(f"{target.path}/").removeprefix("./")
    laid_out = LAID_OUT.fullmatch(name) if target.kind == HISTORY else None
    place = f"{name}:{found.get('line_number', 0)}"
    if laid_out:
        place = f"{laid_out[2]}:{found.get('line_number', 0)} of blob {laid_out[1]}"
    key = "secret-" + re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")
    token = hashlib.sha256(SALT + text(found, "hashed_secret").encode()).hexdigest()[:12]
    return Hit(key, SECRET, "high", place, kind, token=token)


def database(room: Room, run: Callable[[list[str]], Ended]) -> Database:
    """Return that the rules are those of the program."""
    return NO_DATABASE


TREE = Scanner("detect-secrets", "detect-secrets", COMMIT, arguments, parse, database)
PAST = Scanner("detect-secrets-history", "detect-secrets", HISTORY, arguments, parse, database)
