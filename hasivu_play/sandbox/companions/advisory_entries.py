"""A few advisories, as OSV words them. They are real ones, cut down to what a scan reads."""

from __future__ import annotations

from typing import Any


def entry(
    identity: str,
    aliases: list[str],
    summary: str,
    package: tuple[str, str],
    ranges: list[tuple[str, str]],
    specific: dict[str, Any],
    vector: str,
) -> dict[str, Any]:
    """Return an entry of one package."""
    ecosystem, name = package
    kind = "ECOSYSTEM" if ecosystem == "PyPI" else "SEMVER"
    events = [{"type": kind, "events": [{"introduced": introduced}, {"fixed": fixed}]} for introduced, fixed in ranges]
    return {
        "schema_version": "1.7.3",
        "id": identity,
        "aliases": aliases,
        "summary": summary,
        "modified": "2025-01-14T11:03:41Z",
        "published": "2018-10-29T19:06:46Z",
        "severity": [{"type": "CVSS_V3", "score": vector}],
        "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": events}],
        "database_specific": specific,
    }


ENTRIES = [
    entry(
        "GHSA-x84v-xcm2-53pg",
        ["CVE-2018-18074", "PYSEC-2018-28"],
        "Insufficiently Protected Credentials in Requests",
        ("PyPI", "requests"),
        [("0", "2.20.0")],
        {"severity": "HIGH", "cwe_ids": ["CWE-522"]},
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
    ),
    entry(
        "GHSA-8q59-q68h-6hv4",
        ["CVE-2020-14343", "PYSEC-2021-142"],
        "Improper Input Validation in PyYAML",
        ("PyPI", "pyyaml"),
        [("0", "5.4")],
        {"severity": "CRITICAL", "cwe_ids": ["CWE-20"]},
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    ),
    entry(
        "GHSA-xvch-5gv4-984h",
        ["CVE-2021-44906"],
        "Prototype Pollution in minimist",
        ("npm", "minimist"),
        [("0", "0.2.4"), ("1.0.0", "1.2.6")],
        {"severity": "CRITICAL", "cwe_ids": ["CWE-1321"], "npm_id": 1097678, "score": 9.8},
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    ),
]
PACKUMENTS = {"minimist": ["1.2.5", "1.2.6", "1.2.8"]}
