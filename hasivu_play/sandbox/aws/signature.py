"""Who signed a request: the key must be one of IAM's, active, and the signature made with its secret."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote

from ministack.services import iam

from hasivu_play.sandbox.aws.protocol import Request

SIGNED = re.compile(r"SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})")
SESSION = "ASIA"  # keys of sessions, which STS gives out; the emulator keeps no list of them
UNKNOWN = {"s3": "InvalidAccessKeyId", "json": "UnrecognizedClientException", "query": "InvalidClientTokenId"}
MISMATCH = {"s3": "SignatureDoesNotMatch", "json": "InvalidSignatureException", "query": "SignatureDoesNotMatch"}
SAFE = "-_.~"


def refusal(request: Request, service: str) -> tuple[str, str] | None:
    """Return code and message of the error for a request that is not signed by an active key."""
    credential = request.credential
    if credential is None or credential["key"].startswith(SESSION):
        return None
    protocol = "s3" if service == "s3" else "query" if request.action else "json"
    key = iam._access_keys.get(credential["key"])
    if key is None or key["Status"] != "Active":
        return UNKNOWN[protocol], "The security token included in the request is invalid."
    signed = SIGNED.search(request.headers.get("authorization", ""))
    if signed and not hmac.compare_digest(signed["signature"], signature(request, signed["headers"], key)):
        return MISMATCH[protocol], "The request signature we calculated does not match the signature you provided."
    return None


def signature(request: Request, signed_headers: str, key: dict[str, str]) -> str:
    """Return the signature, version 4, that the secret of a key gives a request."""
    credential = request.credential
    assert credential is not None
    moment = request.headers.get("x-amz-date", "")
    scope = [moment[:8], credential["region"], credential["service"], "aws4_request"]
    canonical = canonical_request(request, signed_headers, credential["service"])
    lines = ["AWS4-HMAC-SHA256", moment, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()]
    secret = ("AWS4" + key["SecretAccessKey"]).encode()
    for part in scope:
        secret = hmac.digest(secret, part.encode(), "sha256")
    return hmac.digest(secret, "\n".join(lines).encode(), "sha256").hex()


def canonical_request(request: Request, signed_headers: str, service: str) -> str:
    """Return a request as both sides write it before they sign it."""
    path = request.path if service == "s3" else quote(request.path, safe="/~")
    pairs = sorted(
        (quote(name, safe=SAFE), quote(value, safe=SAFE)) for name, values in request.query.items() for value in values
    )
    headers = "".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed_headers.split(";")
    )
    payload = request.headers.get("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest()
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return "\n".join([request.method, path, query, headers, signed_headers, payload])
