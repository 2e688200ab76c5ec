"""How pages name the places that others link to."""

from __future__ import annotations


def anchor(*names: str) -> str:
    """Return names as a place in a page."""
    return "".join(letter if letter.isalnum() else "-" for letter in "-".join(names)).lower()
