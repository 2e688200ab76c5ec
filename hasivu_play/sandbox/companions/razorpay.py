"""Razorpay: payments as a merchant reads them back (https://razorpay.com/docs/api/payments)."""

from __future__ import annotations

import base64
import hmac
import itertools
import secrets
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from hasivu_play.sandbox.companions.payments import Payments, entity
from hasivu_play.sandbox.companions.service import ApiError, Service
from hasivu_play.sandbox.http_part import ensure_credential, json_object, json_response, layout_of

NAME = "razorpay"
PARAMETERS = {"from": (946684800, 4765046400), "to": (946684800, 4765046400), "count": (1, 100), "skip": (0, 10**9)}


def build(directory: Path) -> web.Application:
    """Return Razorpay as an application."""
    key = ensure_credential(layout_of(directory), "razorpay_key", make_key)
    payments = Payments(directory)
    routes = [
        web.get("/v1/payments", partial(list_payments, payments)),
        web.get("/v1/payments/{id}", partial(get_payment, payments)),
        web.post("/_checkout", partial(check_out, payments)),
    ]
    return Service(NAME, routes, partial(authenticate, key), word_error).build(directory)


def make_key() -> str:
    """Return a new key as `key_id:key_secret`."""
    return f"rzp_test_{secrets.token_hex(7)}:{secrets.token_urlsafe(18)}"


def authenticate(key: str, request: web.Request) -> None:
    """Check the basic authentication of a request."""
    expected = "Basic " + base64.b64encode(key.encode()).decode()
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected.encode()):
        raise ApiError(401, word_error(401, "Authentication failed"))


def word_error(status: int, message: str, field: str | None = None) -> dict[str, Any]:
    """Return the body of an error, as Razorpay's guide to errors documents it."""
    invalid = status == 400
    error: dict[str, Any] = {
        "code": "SERVER_ERROR" if status >= 500 else "BAD_REQUEST_ERROR",
        "description": message,
        "source": "business" if invalid else "NA",
        "step": "payment_initiation" if invalid else "NA",
        "reason": "input_validation_failed" if invalid else "NA",
        "metadata": {},
    }
    return {"error": error | ({"field": field} if field else {})}


async def list_payments(payments: Payments, request: web.Request) -> web.Response:
    """Answer `GET /v1/payments`: newest first, 10 unless `count` says more."""
    asked = read_parameters(request)
    found = payments.between(asked.get("from", 0), asked.get("to", 4765046400))
    skip = asked.get("skip", 0)
    items = list(itertools.islice(found, skip, skip + asked.get("count", 10)))
    return json_response({"entity": "collection", "count": len(items), "items": items})


def read_parameters(request: web.Request) -> dict[str, int]:
    """Return the numbers of a query, each within the bounds of the API."""
    for name in request.query:
        if name not in PARAMETERS:
            raise ApiError(400, word_error(400, f"{name} is/are not required and should not be sent", name))
    return {name: read_number(name, value) for name, value in request.query.items()}


def read_number(name: str, text: str) -> int:
    """Return one number of a query."""
    least, most = PARAMETERS[name]
    if not text.isascii() or not text.isdigit():
        raise ApiError(400, word_error(400, f"The {name} must be an integer.", name))
    if not least <= int(text) <= most:
        raise ApiError(400, word_error(400, f"{name} must be between {least} and {most}", name))
    return int(text)


async def get_payment(payments: Payments, request: web.Request) -> web.Response:
    """Answer `GET /v1/payments/{id}`."""
    payment = payments.find(request.match_info["id"])
    if payment:
        return json_response(payment)
    raise ApiError(400, word_error(400, "The id provided does not exist"))


async def check_out(payments: Payments, request: web.Request) -> web.Response:
    """Take payments of families, as Razorpay's own checkout page does; no merchant calls this, only the sandbox."""
    content = await json_object(request)
    try:
        came = [entity(one["id"], one["amount"], one["created_at"], one["notes"]) for one in content["payments"]]  # type: ignore[index]
    except (KeyError, TypeError, AttributeError):
        raise ApiError(400, word_error(400, "A payment has id, amount, created_at and notes")) from None
    for payment in came:
        payments.add(payment)
    return json_response({"count": len(came)})
