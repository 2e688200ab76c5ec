"""Errors in PagerDuty's format: a message, its code, and what in particular was wrong."""

from __future__ import annotations

from typing import Any

from hasivu_play.sandbox.companions.service import ApiError

CODES = {401: 2006, 404: 2100, 501: 2000, 503: 2000}


def word_error(status: int, message: str) -> dict[str, Any]:
    """Return the body of an error that has a code of its own by status."""
    return {"error": {"message": message, "code": CODES[status]}}


def not_found() -> ApiError:
    """Return the answer to an id that does not exist."""
    return ApiError(404, word_error(404, "Not Found"))


def invalid_input(*errors: str) -> ApiError:
    """Return the answer to input that PagerDuty does not take."""
    return ApiError(400, {"error": {"message": "Invalid Input Provided", "code": 2001, "errors": list(errors)}})


def arguments_error(*errors: str) -> ApiError:
    """Return the answer to arguments that clash with what there is."""
    return ApiError(400, {"error": {"message": "Arguments Caused Error", "code": 2002, "errors": list(errors)}})
