"""Answers, and does no more."""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer any event."""
    return {"statusCode": 200, "body": "ok"}
