# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""pip-audit: known vulnerabilities of pinned Python packages (https://github.com/pypa/pip-audit)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import scan_osv
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

# It ends with 1 when it hit something and when it failed; only the former prints JSON.
GOOD_CODES = (0, 1)


def arguments(target: Target, room: Room) -> list[str]:
    """Return the arguments of a scan that installs nothing and asks the mirror alone."""
    return [*common(target, room), "--format", "json", "--desc", "on", "--aliases", "on"]


def bill(target: Target, room: Room) -> list[str]:
    """Return the arguments of a bill of materials in CycloneDX."""
    return [*common(target, room), "--format", "cyclonedx-json"]


def common(target: Target, room: Room) -> list[str]:
    """Return what both have in common; every package must be pinned, for nothing is resolved."""
    return [
        "--requirement",
        str(target.path / target.file),
        "--no-deps",
        "--disable-pip",
        "--vulnerability-service",
        "osv",
        "--osv-url",
        room.mirrors["osv"],
        "--cache-dir",
        str(room.temporary / "cache"),
        "--progress-spinner",
        "off",
    ]


def parse(ended: Ended, target: Target, room: Room) -> Parsed:
    """Return the hits; a package that was skipped is left out, not clean."""
    answer = read_json(ended, GOOD_CODES)
    if not isinstance(answer, dict):
        raise ScanError("printed JSON that is not an audit")
    packages = entries(answer.get("dependencies"), "dependencies")
    skipped = [f"{package.get('name')}: {package['skip_reason']}" for package in packages if "skip_reason" in package]
    looked_at = [package for package in packages if "skip_reason" not in package]
    hits = [hit for package in looked_at for hit in hits_of(package, target, room)]
    return Parsed(hits, len(looked_at), skipped)


def hits_of(package: dict[str, Any], target: Target, room: Room) -> list[Hit]:
    """Return what was hit of one package, rated by the database, for pip-audit tells no severity."""
    return [
        hit_of(package, found, target, room.mirrors["osv"])
        for found in entries(package.get("vulns"), "vulnerabilities")
    ]


def hit_of(package: dict[str, Any], found: dict[str, Any], target: Target, url: str) -> Hit:
    """Return one hit."""
    names = [text(found, "id"), *found.get("aliases", [])]
    return Hit(
        key=best_name(names),
        kind=VULNERABILITY,
        severity=scan_osv.severity(url, names),
        place=target.file,
        title=str(found.get("description") or "")[:300],
        package=text(package, "name"),
        version=text(package, "version"),
        fixed=", ".join(found.get("fix_versions", [])),
        aliases=tuple(sorted(names)),
    )


def database(room: Room, run: Callable[[list[str]], Ended]) -> Database:
    """Return how fresh the mirror is."""
    return scan_osv.database(room.mirrors["osv_index"])


SCANNER = Scanner("pip-audit", "pip-audit", COMMIT, arguments, parse, database, bill)
