# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trivy: images by digest, and manifests and infrastructure as code (https://trivy.dev/docs/latest/).

Form of the report: `Report` in pkg/types/report.go of aquasecurity/trivy, and the golden files of its tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import (
    COMMIT,
    IMAGE,
    MISCONFIGURATION,
    SECRET,
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
from ansible_collections.hasivu.ops.plugins.module_utils.scan_process import last_line
from ansible_collections.hasivu.ops.plugins.module_utils.scan_reading import entries, read_json, text
from ansible_collections.hasivu.ops.plugins.module_utils.scan_severity import severity_of

# Trivy ends with 1 when it fails, so that hits get an exit code of their own.
HIT = 10
GOOD_CODES = (0, HIT)
FORM = 2
SEVERITIES = "UNKNOWN,MEDIUM,HIGH,CRITICAL"
PACKAGES = ("os-pkgs", "lang-pkgs")
# Otherwise what a daemon of the control node calls by the same name would be looked at first.
FROM = ("--image-src", "remote")


def common(room: Room) -> list[str]:
    """Return what every look at an image has in common."""
    cache = room.cache or str(room.temporary / "cache")
    return ["--cache-dir", cache, "--timeout", f"{room.seconds}s", "--no-progress", *FROM]


def judged(room: Room) -> list[str]:
    """Return what asks for a verdict, unfixed vulnerabilities among it."""
    return [
        *common(room), "--format", "json", "--severity", SEVERITIES, "--ignore-unfixed=false", "--list-all-pkgs",
        "--exit-code", str(HIT),
    ]  # fmt: skip


def image_arguments(target: Target, room: Room) -> list[str]:
    """Return the arguments for an image, which is named by its digest."""
    return ["image", *judged(room), "--scanners", "vuln,secret,misconfig", target.name]


def image_bill(target: Target, room: Room) -> list[str]:
    """Return the arguments of a bill of materials in CycloneDX."""
    return ["image", *common(room), "--format", "cyclonedx", target.name]


def config_arguments(target: Target, room: Room) -> list[str]:
    """Return the arguments for the manifests and the infrastructure as code of a commit."""
    cache = room.cache or str(room.temporary / "cache")
    options = ["--format", "json", "--severity", SEVERITIES, "--exit-code", str(HIT)]
    return ["config", "--cache-dir", cache, "--timeout", f"{room.seconds}s", *options, str(target.path)]


def parse_image(ended: Ended, target: Target, room: Room) -> Parsed:
    """Return the hits of an image; a report of no packages, or of another digest, is no pass."""
    report = report_of(ended)
    digests = report.get("Metadata", {}).get("RepoDigests") or []
    if not any(str(digest).endswith(f"@{target.digest}") for digest in digests):
        raise ScanError(f"told of another image than {target.digest}, or did not get it")
    results = entries(report.get("Results"), "results")
    listed = [result.get("Packages") or [] for result in results if result.get("Class") in PACKAGES]
    packages = [package for named in listed for package in entries(named, "packages")]
    if not packages:
        raise ScanError("found no packages in the image, so that it looked at nothing")
    return Parsed([*distribution(report), *all_hits(results)], len(packages))


def parse_config(ended: Ended, target: Target, room: Room) -> Parsed:
    """Return the hits of a folder; a report of no files is no pass."""
    results = entries(report_of(ended).get("Results"), "results")
    if not results:
        raise ScanError("found no manifest to look at")
    return Parsed(all_hits(results), len(results))


def report_of(ended: Ended) -> dict[str, Any]:
    """Return the report.

    Raises:
        ScanError: It is no report.
    """
    report = read_json(ended, GOOD_CODES)
    if not isinstance(report, dict) or report.get("SchemaVersion") != FORM:
        raise ScanError(f"printed no report of form {FORM}")
    if "Results" not in report:
        raise ScanError(f"printed a report without results and {last_line(ended)}")
    return report


def distribution(report: dict[str, Any]) -> list[Hit]:
    """Return a hit where the distribution publishes no more advisories, so that its packages only look clean."""
    system = report["Metadata"].get("OS") or {}
    if not system.get("EOSL"):
        return []
    name = f"{system.get('Family', '')} {system.get('Name', '')}".strip()
    title = "Nobody publishes which of its packages are vulnerable any more, so that none of them is found."
    return [Hit("distribution-out-of-support", MISCONFIGURATION, "high", name, title)]


def all_hits(results: list[dict[str, Any]]) -> list[Hit]:
    """Return the hits of all results."""
    return [hit for result in results for hit in hits_of(result)]


def hits_of(result: dict[str, Any]) -> list[Hit]:
    """Return the hits of one result: packages, misconfigurations and secrets."""
    place = text(result, "Target")
    vulnerable = entries(result.get("Vulnerabilities") or [], "vulnerabilities")
    wrong = entries(result.get("Misconfigurations") or [], "misconfigurations")
    secrets = entries(result.get("Secrets") or [], "secrets")
    return [
        *(vulnerability(found, place) for found in vulnerable),
        *(misconfiguration(found, place) for found in wrong if found.get("Status", "FAIL") == "FAIL"),
        *(secret(found, place) for found in secrets),
    ]


def vulnerability(found: dict[str, Any], place: str) -> Hit:
    """Return the hit of a package."""
    return Hit(
        key=text(found, "VulnerabilityID"),
        kind=VULNERABILITY,
        severity=severity_of(found.get("Severity")),
        place=place,
        title=str(found.get("Title") or found.get("Description") or "")[:300],
        package=text(found, "PkgName"),
        version=text(found, "InstalledVersion"),
        fixed=str(found.get("FixedVersion") or ""),
        aliases=(text(found, "VulnerabilityID"),),
    )


def misconfiguration(found: dict[str, Any], place: str) -> Hit:
    """Return the hit of a setting; Trivy tells how to mend it."""
    line = found.get("CauseMetadata", {}).get("StartLine")
    where = f"{place}:{line}" if line else place
    title = f"{found.get('Title', '')}. {found.get('Resolution', '')}".strip()
    return Hit(text(found, "ID"), MISCONFIGURATION, severity_of(found.get("Severity")), where, title[:300])


def secret(found: dict[str, Any], place: str) -> Hit:
    """Return the hit of a secret: its rule and line, never what stands there."""
    rule = text(found, "RuleID")
    where = f"{place}:{found.get('StartLine', 0)}"
    return Hit(f"secret-{rule}", SECRET, severity_of(found.get("Severity")), where, str(found.get("Title") or rule))


def database(room: Room, run: Callable[[list[str]], Ended]) -> Database:
    """Return the database that lies in the cache, as `trivy version` tells it."""
    cache = room.cache or str(room.temporary / "cache")
    ended = run(["version", "--format", "json", "--cache-dir", cache])
    try:
        known = json.loads(ended.out)["VulnerabilityDB"]
        return Database("Trivy DB", f"{known['Version']} of {known['UpdatedAt']}", known["UpdatedAt"])
    except (ValueError, KeyError, TypeError) as error:
        raise ScanError("does not tell the date of its vulnerability database") from error


def rules(room: Room, run: Callable[[list[str]], Ended]) -> Database:
    """Return the rules for configurations, which come with the program or in a bundle of their own."""
    return Database("Trivy checks", "of its version")


IMAGES = Scanner("trivy-image", "trivy", IMAGE, image_arguments, parse_image, database, image_bill)
CONFIGURATIONS = Scanner("trivy-config", "trivy", COMMIT, config_arguments, parse_config, rules)
