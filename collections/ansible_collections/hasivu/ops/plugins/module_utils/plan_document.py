# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan: what a rehearsal found, in a file whose bytes people approve by signing them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

FORMAT = 1
NAMESPACE = "hasivu-play"
NAME = "plan.json"
SIGNATURES = ".sig"
FIELDS: dict[str, type] = {
    "procedure": str, "title": str, "risk": str, "environment": str, "inputs": dict, "approvals_wanted": int,
    "made": dict, "made_by": str, "expires": dict, "rehearsal": str, "digests": dict, "files": dict, "changes": list,
    "not_predicted": list, "warnings": list, "reality": str,
}  # fmt: skip


class PlanError(Exception):
    """Raised for a file that is no plan: its text says which, why, and what to do."""


@dataclass(frozen=True)
class Plan:
    """A plan as it lies in its file."""

    path: Path
    content: bytes
    fields: dict[str, Any]

    @property
    def digest(self) -> str:
        """Return what `sha256sum` prints for the file; it is the name by which an approval knows the plan."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def made(self) -> datetime:
        """Return when the plan was made."""
        return datetime.fromisoformat(self.fields["made"]["at"])

    @property
    def expires(self) -> datetime:
        """Return from when on nobody may run by this plan."""
        return datetime.fromisoformat(self.fields["expires"]["at"])

    def signature_files(self) -> list[Path]:
        """Return the signatures that lie beside the plan, under its own name and more, as ssh-keygen names them."""
        beside = self.path.parent.iterdir()
        return sorted(file for file in beside if file.name.startswith(f"{self.path.name}.") and is_signature(file))


def is_signature(path: Path) -> bool:
    """Tell whether a file is a signature by its name."""
    return path.suffix == SIGNATURES and path.is_file()


def read_plan(path: Path) -> Plan:
    """Read a plan.

    Raises:
        PlanError: The file cannot be read, or is no plan of this version.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PlanError(f"The plan {path} cannot be read ({error.strerror}). Give the path of a plan.") from error
    try:
        fields = json.loads(content)
        problem = problem_of(fields)
    except (ValueError, KeyError, TypeError) as error:
        problem = f"it cannot be read as one ({type(error).__name__})"
    if problem:
        raise PlanError(f"{path} is no plan: {problem}. Make one with hasivu-play plan.")
    return Plan(path, content, fields)


def problem_of(fields: Any) -> str | None:
    """Say why the content of a file is no plan, or nothing when it is one."""
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        return f"it does not say that its format is {FORMAT}"
    wrong = sorted(name for name, kind in FIELDS.items() if not isinstance(fields.get(name), kind))
    if wrong:
        return f"{', '.join(wrong)} is missing or of the wrong kind"
    for name in ("made", "expires"):
        if datetime.fromisoformat(fields[name]["at"]).tzinfo is None:
            return f"{name} has no time zone"
    return None


def encode(fields: Mapping[str, Any]) -> bytes:
    """Write the fields of a plan as the text that people read and sign."""
    return (json.dumps({"format": FORMAT, **fields}, indent=2, ensure_ascii=False) + "\n").encode()
