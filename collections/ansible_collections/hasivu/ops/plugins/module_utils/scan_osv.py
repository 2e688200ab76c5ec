# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask an OSV database what a scanner does not tell: how severe a vulnerability is, and how fresh the database is.

The interface is that of api.osv.dev (https://google.github.io/osv.dev/api/); the date is the first line of
`modified_id.csv`, which OSV's data dumps list newest first (https://google.github.io/osv.dev/data/#data-dumps).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.error import URLError
from urllib.parse import quote

from ansible.module_utils.urls import open_url
from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import UNKNOWN, Database, ScanError
from ansible_collections.hasivu.ops.plugins.module_utils.scan_severity import severity_of

SECONDS = 15
FIRST_LINE = 200
NAME = "OSV"


def fetch(url: str, most: int = 1 << 20) -> bytes:
    """Return the first bytes of an address.

    Raises:
        ScanError: It does not answer, or answers with an error.
    """
    try:
        with open_url(url, timeout=SECONDS, use_netrc=False, use_proxy=False) as answer:
            content: bytes = answer.read(most)
    except (URLError, OSError, ValueError) as error:
        raise ScanError(f"the vulnerability database at {url} does not answer: {error}") from error
    return content


def database(index_url: str) -> Database:
    """Return how fresh the database is.

    Raises:
        ScanError: Its index does not answer or tells no date.
    """
    line = fetch(index_url, FIRST_LINE).decode("utf-8", "replace").partition("\n")[0]
    try:
        changed = datetime.fromisoformat(line.partition(",")[0].strip())
    except ValueError as error:
        raise ScanError(f"the index of the vulnerability database at {index_url} tells no date") from error
    if changed.tzinfo is None:
        raise ScanError(f"the index of the vulnerability database at {index_url} tells a date without a zone")
    return Database(NAME, line.partition(",")[0].strip(), changed.isoformat())


def severity(query_url: str, names: list[str]) -> str:
    """Return the severity of a vulnerability by the first of its names that the database rates.

    A name that cannot be asked for leaves the severity unknown, and unknown counts as high.
    """
    for name in names:
        try:
            entry = json.loads(fetch(f"{query_url.removesuffix('/query')}/vulns/{quote(name, safe='')}"))
        except (ScanError, ValueError):
            continue
        rated = severity_of(word_of(entry))
        if rated != UNKNOWN:
            return rated
    return UNKNOWN


def word_of(entry: Any) -> str | None:
    """Return the word that an entry has for its severity; GitHub writes it among what is specific to it."""
    specific = entry.get("database_specific") if isinstance(entry, dict) else None
    word = specific.get("severity") if isinstance(specific, dict) else None
    return word if isinstance(word, str) else None
