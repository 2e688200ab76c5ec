"""A request as AWS clients send it, and the words in which each AWS protocol reports an error."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
REST_XML = frozenset({"s3", "cloudfront"})


@dataclass(frozen=True)
class Request:
    """One HTTP request to an AWS API."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def credential(self) -> re.Match[str] | None:
        """Return access key, region and service of the signature, from the header or a presigned address."""
        presigned = "Credential=" + self.query.get("X-Amz-Credential", [""])[0]
        return CREDENTIAL.search(self.headers.get("authorization", "")) or CREDENTIAL.search(presigned)

    @property
    def target(self) -> str:
        """Return the operation that the JSON protocol names in a header, or an empty text."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    @property
    def form(self) -> dict[str, list[str]]:
        """Return the fields of a form, as the query protocol sends them."""
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    @property
    def action(self) -> str:
        """Return the operation that the query protocol names in a field, or an empty text."""
        return (self.form.get("Action") or self.query.get("Action") or [""])[0]


@dataclass(frozen=True)
class Response:
    """One HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes


def error(request: Request, service: str, status: int, code: str, message: str) -> Response:
    """Return an error in the protocol of the request, so that the client raises it under its code."""
    identifier = str(uuid.uuid4())
    if service == "ec2":
        return xml(status, ec2_error(code, message, identifier), identifier)
    if service == "s3":
        return xml(status, s3_error(code, message, identifier), identifier)
    if request.action or service in REST_XML:
        return xml(status, query_error(status, code, message, identifier), identifier)
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code, "x-amzn-RequestId": identifier}
    return Response(status, headers, json.dumps({"__type": code, "message": message}).encode())


def xml(status: int, document: str, identifier: str) -> Response:
    """Return an XML response."""
    return Response(status, {"Content-Type": "text/xml", "x-amzn-RequestId": identifier}, document.encode())


def query_error(status: int, code: str, message: str, identifier: str) -> str:
    """Return the error document of the query protocol, which CloudFront shares."""
    fault = "Sender" if status < 500 else "Receiver"
    return (
        f"<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{identifier}</RequestId></ErrorResponse>"
    )


def ec2_error(code: str, message: str, identifier: str) -> str:
    """Return the error document of EC2."""
    return (
        f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error></Errors>"
        f"<RequestID>{identifier}</RequestID></Response>"
    )


def s3_error(code: str, message: str, identifier: str) -> str:
    """Return the error document of S3."""
    return f"<Error><Code>{code}</Code><Message>{escape(message)}</Message><RequestId>{identifier}</RequestId></Error>"
