# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What earlier recoveries and drills measured, from records that verify and from no other."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import record_closing
from ansible_collections.hasivu.ops.plugins.module_utils.record_seal import MANIFEST
from ansible_collections.hasivu.ops.plugins.module_utils.record_signers import keys_of
from ansible_collections.hasivu.ops.plugins.module_utils.record_verification import problems_of, read_manifest
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_objectives import FORM, OBJECTIVES, instant
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_strategy import RESTORES
from ansible_collections.hasivu.ops.plugins.module_utils.signature import fingerprint

DID_NOTHING = ("refused", "bad_input", "locked")
NUMBERS = ("rto_s", "rpo_s")
RESTORE = "Restore"
# So many of the last restores say how long the next one will take.
LAST = 5
Entry = dict[str, Any]


def history(folders: Iterable[Path], signers: list[str]) -> dict[str, list[Entry]]:
    """Return what the records tell.

    Args:
        folders: The folders of the runs.
        signers: Files with the keys that may sign them.

    Returns:
        `measurements`, the oldest first; `unverified` records with their `problems`; `unmeasured` runs, which ended
        without a measurement and were not resumed.
    """
    found: dict[str, list[Entry]] = {"measurements": [], "unverified": [], "unmeasured": []}
    for folder in sorted(folders):
        if not (folder / MANIFEST).exists() and record_closing.is_running(folder):
            continue
        kind, entry = judged(folder, signers)
        if kind:
            found[kind].append(entry)
    resumed = {entry["resumes"] for kind in ("measurements", "unmeasured") for entry in found[kind]}
    found["unmeasured"] = [entry for entry in found["unmeasured"] if entry["run"] not in resumed]
    found["measurements"].sort(key=lambda entry: instant(entry["at"]))
    return found


def judged(folder: Path, signers: list[str]) -> tuple[str, Entry]:
    """Return which kind of record a folder holds, and what it tells; a rehearsal and a way back tell nothing."""
    manifest = manifest_of(folder)
    problems = problems_of(folder, lambda key: key_problems(key, manifest, signers))
    if problems:
        return "unverified", {"run": folder.name, "problems": problems}
    if manifest["check"] or manifest.get("direction") == "back":
        return "", {}
    told = {name: manifest.get(name) for name in ("run", "procedure", "environment", "state", "resumes")}
    told["at"] = manifest["ended"]["at"]
    try:
        measured = read_objectives(folder / OBJECTIVES)
    except FileNotFoundError:
        return ("" if manifest["state"] in DID_NOTHING else "unmeasured"), told
    except (OSError, ValueError) as error:
        return "unverified", {"run": folder.name, "problems": [f"{OBJECTIVES} cannot be read: {error}."]}
    return "measurements", {**measured, **told}


def expected_restore(measurements: list[Entry]) -> float | None:
    """Return how long a restore took, as the median of the last ones; a failover or a promotion restores nothing."""
    told = [
        float(phase["seconds"])
        for entry in measurements
        if entry.get("strategy") in RESTORES
        for phase in entry.get("phases") or []
        if phase.get("name") == RESTORE and isinstance(phase.get("seconds"), int | float)
    ]
    return round(statistics.median(told[-LAST:]), 3) if told else None


def restore_deadline(expected: float | None, least: int, most: int) -> int:
    """Return how long a restore may take: twice what is expected, within bounds; the upper one where nobody knows."""
    return most if expected is None else min(most, max(least, round(2 * expected)))


def manifest_of(folder: Path) -> Entry:
    """Return the manifest of a record, or nothing where there is none that can be read."""
    try:
        return dict(read_manifest((folder / MANIFEST).read_bytes()))
    except OSError:
        return {}


def key_problems(key: str, manifest: Entry, signers: list[str]) -> list[str]:
    """Say when the key that signed a record is not known, or why that cannot be told."""
    ended = (manifest.get("ended") or {}).get("at")
    known: set[str] = set()
    for path in signers:
        try:
            known |= keys_of(Path(path).expanduser(), ended)
        except (OSError, ValueError) as error:
            return [f"The known signers in {path} cannot be read: {error}."]
    return [] if key.split()[1] in known else [f"The signer {fingerprint(key)} is not known."]


def read_objectives(path: Path) -> Entry:
    """Return what a run measured.

    Raises:
        OSError: There is no such file, or it cannot be read.
        ValueError: It is not of the form that we know.
    """
    measured = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(measured, dict) or measured.get("form") != FORM:
        raise ValueError(f"its form is not {FORM}")
    wrong = [name for name in NUMBERS if not isinstance(measured.get(name), int | float | None)]
    if wrong:
        raise ValueError(f"{wrong[0]} is no number")
    return measured
