# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The scanners that there are. A new one is a file of its own and a line here."""

from __future__ import annotations

from ansible_collections.hasivu.ops.plugins.module_utils import (
    scan_detect_secrets,
    scan_gitleaks,
    scan_npm_audit,
    scan_pip_audit,
    scan_trivy,
)
from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import Scanner

SCANNERS: dict[str, Scanner] = {
    scanner.name: scanner
    for scanner in (
        scan_trivy.IMAGES,
        scan_trivy.CONFIGURATIONS,
        scan_pip_audit.SCANNER,
        scan_npm_audit.SCANNER,
        scan_gitleaks.SCANNER,
        scan_detect_secrets.TREE,
        scan_detect_secrets.PAST,
    )
}
PROGRAMS = tuple(dict.fromkeys(scanner.program for scanner in SCANNERS.values()))
# These read one lock file; the inventory says which, so that a lock file that is gone is noticed.
BY_LOCK_FILE = ("pip-audit", "npm-audit")
