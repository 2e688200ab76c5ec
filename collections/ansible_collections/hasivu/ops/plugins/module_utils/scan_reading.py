# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read what a scanner printed, and believe none of it that has another form than its documentation says."""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import Ended, ScanError
from ansible_collections.hasivu.ops.plugins.module_utils.scan_process import last_line

CVE, GHSA = re.compile(r"CVE-\d{4}-\d{4,}"), re.compile(r"GHSA(?:-[0-9a-z]{4}){3}")


def read_json(ended: Ended, good_codes: tuple[int, ...], text: str | None = None) -> Any:
    """Return the JSON that a scanner printed, or wrote to the file whose text is given.

    Raises:
        ScanError: The exit code says that it failed, or the text is no JSON.
    """
    if ended.code not in good_codes:
        raise ScanError(last_line(ended))
    try:
        return json.loads(ended.out if text is None else text)
    except ValueError as error:
        raise ScanError(f"printed no JSON and {last_line(ended)}") from error


def entries(value: Any, name: str) -> list[dict[str, Any]]:
    """Return a list of objects.

    Raises:
        ScanError: It is something else.
    """
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ScanError(f"gave {name} in a form that is not documented")
    return value


def text(entry: dict[str, Any], name: str) -> str:
    """Return a text of an object, which must be there.

    Raises:
        ScanError: It is missing or no text.
    """
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise ScanError(f"left out {name}, which its documentation promises")
    return value


def best_name(names: list[str]) -> str:
    """Return the name by which most people know a vulnerability: its CVE, else GitHub's, else the first."""
    found = [name for pattern in (CVE, GHSA) for name in names if pattern.fullmatch(name)]
    return (found or names)[0]
