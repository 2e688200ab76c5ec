# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""npm audit: known vulnerabilities of locked Node.js packages (https://docs.npmjs.com/cli/commands/npm-audit).

Never `npm audit fix`, which would change the lock file; nothing is installed and no script of a package runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import (
    COMMIT,
    VULNERABILITY,
    Database,
    Ended,
    Hit,
    Parsed,
    Room,
    ScanError,
    Scanner,
    Target,
)
from ansible_collections.hasivu.ops.plugins.module_utils.scan_reading import best_name, entries, read_json, text
from ansible_collections.hasivu.ops.plugins.module_utils.scan_severity import severity_of

# It ends with 1 when it hit something and when the registry failed; the latter prints JSON of another form.
GOOD_CODES = (0, 1)
FORM = 2


def arguments(target: Target, room: Room) -> list[str]:
    """Return the arguments of a scan of the lock file alone."""
    return ["audit", "--json", *common(target, room)]


def bill(target: Target, room: Room) -> list[str]:
    """Return the arguments of a bill of materials in CycloneDX."""
    return ["sbom", "--sbom-format", "cyclonedx", *common(target, room)]


def common(target: Target, room: Room) -> list[str]:
    """Return what both have in common: what is deployed, without scripts, from one registry."""
    folder = str((target.path / target.file).parent)
    return [
        "--omit=dev",
        "--package-lock-only",
        "--ignore-scripts",
        "--no-update-notifier",
        f"--prefix={folder}",
        f"--registry={room.mirrors['npm']}",
        f"--cache={room.temporary / 'cache'}",
    ]


def parse(ended: Ended, target: Target, room: Room) -> Parsed:
    """Return the hits of the second form of the report, that of npm 7 and later."""
    answer = read_json(ended, GOOD_CODES)
    if not isinstance(answer, dict) or answer.get("auditReportVersion") != FORM:
        reason = answer.get("message") if isinstance(answer, dict) else None
        raise ScanError(f"got no answer from the registry: {reason}" if reason else "printed no report of form 2")
    found = answer.get("vulnerabilities")
    counts = answer.get("metadata", {}).get("dependencies", {})
    if not isinstance(found, dict) or not isinstance(counts.get("prod"), int):
        raise ScanError("printed a report without its vulnerabilities or its number of packages")
    installed = locked(target)
    hits = [hit for name, entry in found.items() for hit in hits_of(name, entry, target, installed)]
    return Parsed(hits, counts["prod"])


def locked(target: Target) -> dict[str, str]:
    """Return the version at each place of the lock file."""
    lock = json.loads((target.path / target.file).read_text(encoding="utf-8"))
    return {place: str(package.get("version", "")) for place, package in lock.get("packages", {}).items()}


def hits_of(name: str, entry: dict[str, Any], target: Target, installed: dict[str, str]) -> list[Hit]:
    """Return the advisories of one package; a text among them names another package, which has its own entry."""
    advisories = entries([advisory for advisory in entry.get("via", []) if not isinstance(advisory, str)], "advisories")
    versions = ", ".join(sorted({installed.get(place, "") for place in entry.get("nodes", [])} - {""}))
    return [hit_of(name, entry, advisory, versions, target) for advisory in advisories]


def hit_of(name: str, entry: dict[str, Any], advisory: dict[str, Any], versions: str, target: Target) -> Hit:
    """Return one hit; npm tells what would mend it, and the lock file which versions there are."""
    fix = entry.get("fixAvailable")
    mended = (
        f"{fix['name']} {fix['version']}" if isinstance(fix, dict) else "what the lock file may take" if fix else ""
    )
    identity = text(advisory, "url").rpartition("/")[2]
    return Hit(
        key=best_name([identity]),
        kind=VULNERABILITY,
        severity=severity_of(text(advisory, "severity")),
        place=target.file,
        title=text(advisory, "title")[:300],
        package=name,
        version=versions or str(advisory.get("range") or ""),
        fixed=mended,
        aliases=(identity,),
    )


def database(room: Room, run: Callable[[list[str]], Ended]) -> Database:
    """Return the day: a registry answers from the advisories that it has now, and tells no date of them."""
    return Database(f"advisories of {room.mirrors['npm']}", f"as of {datetime.now(UTC):%Y-%m-%d}")


SCANNER = Scanner("npm-audit", "npm", COMMIT, arguments, parse, database, bill)
