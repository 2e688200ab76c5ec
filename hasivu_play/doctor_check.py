"""What one check of the doctor found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; a mend is given for what is wrong, and for what is only worth knowing."""

    name: str
    ok: bool
    says: str
    mend: str = ""
