"""Which images can be pulled, and what becomes of a container that runs one."""

from __future__ import annotations

import hashlib
from typing import Any

MISSING = "missing"
CRASH = "crash"
TELLING_NAMES = {"does-not-exist": MISSING, "broken": MISSING, "crash": CRASH}


def fate(image: str, faults: dict[str, Any]) -> str:
    """Return what is wrong with an image: its name says so, or a fault does."""
    for part, result in {**TELLING_NAMES, **faults.get("images", {})}.items():
        if part in image:
            return str(result)
    return ""


def image_id(image: str) -> str:
    """Return the digest under which an image runs."""
    name, _, digest = image.partition("@")
    repository = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    return f"{repository}@{digest or f'sha256:{hashlib.sha256(image.encode()).hexdigest()}'}"
