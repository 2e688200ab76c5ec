# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The program of a scanner: where it is, what it is, and whether it is the one that the inventory pins."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding
from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import Ended, ScanError

VERSION_ARGUMENTS = {"gitleaks": ["version"], "trivy": ["version", "--format", "json"]}
# A scanner tells nobody what it scans, and asks nobody whether there is a newer one.
QUIET = {"trivy": {"TRIVY_DISABLE_TELEMETRY": "true", "TRIVY_SKIP_VERSION_CHECK": "true"}}
VERSION = re.compile(r"\d+\.\d+\.\d+[0-9A-Za-z.+-]*")
# Releases that carried an attacker's code; they are never run.
COMPROMISED = {("trivy", "0.69.4"): "CVE-2026-33634"}
WHY_PINNED = "A scanner reads everything; in March 2026 a release of one was replaced by code that steals credentials."
MEND = "Install it on the control node, or name its path in scan_tools of the inventory."


@dataclass(frozen=True)
class Program:
    """A program that may be run."""

    name: str
    path: str
    version: str
    sha256: str
    pinned: bool

    @property
    def identity(self) -> str:
        """Return what tells this program from another: version and digest."""
        return f"{self.version} sha256:{self.sha256}"


def locate(name: str, tool: dict[str, Any]) -> str | None:
    """Return the path of a program: that of the inventory, or the first on PATH."""
    return shutil.which(tool.get("program") or name)


def identify(name: str, path: str, tool: dict[str, Any], run: Callable[[list[str]], Ended]) -> Program:
    """Return a program after a look at its bytes and, where those are not forbidden, its version.

    Raises:
        ScanError: Its bytes are not the pinned ones, or it does not tell its version.
    """
    with Path(path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    wanted = tool.get("sha256") or ""
    if wanted and wanted != digest:
        raise ScanError(f"has the SHA-256 {digest}, and the inventory pins {wanted}")
    ended = run([path, *VERSION_ARGUMENTS.get(name, ["--version"])])
    version = VERSION.search(ended.out)
    if ended.code or version is None:
        raise ScanError("does not tell its version")
    return Program(name, path, version[0], digest, bool(wanted or tool.get("version")))


def objection(program: Program, tool: dict[str, Any]) -> str | None:
    """Return why a program must not be run, or nothing."""
    advisory = COMPROMISED.get((program.name, program.version))
    if advisory:
        return f"is release {program.version}, which was replaced by an attacker's code ({advisory})"
    wanted = tool.get("version") or ""
    if wanted and wanted != program.version:
        return f"is release {program.version}, and the inventory pins {wanted}"
    return None


def missing(name: str, without: list[str]) -> dict[str, str]:
    """Return the finding of a scanner that is not there."""
    return finding(
        f"The scanner {name} is not installed, so {', '.join(without)} did not take place.",
        name,
        "What was not scanned is unknown, not clean.",
        MEND,
        "high",
        key="scanner-missing",
        control="PCI-11.3.1",
    )


def refused(name: str, reason: str) -> dict[str, str]:
    """Return the finding of a scanner that is not the one that it should be."""
    do = "Find out where it came from, install the pinned release and compare its digest with the publisher's."
    return finding(f"The scanner {name} {reason}.", name, WHY_PINNED, do, "critical", key="scanner-not-trusted")


def unpinned(program: Program) -> dict[str, str]:
    """Return the finding of a scanner that the inventory does not pin."""
    what = f"The inventory pins neither version nor digest of {program.name} {program.version}."
    do = f"Compare sha256 {program.sha256} with the publisher's, and write it under scan_tools."
    return finding(what, program.name, WHY_PINNED, do, "medium", key="scanner-not-pinned", control="ISO27001-A.5.21")
