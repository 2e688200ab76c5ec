"""Says which operation of which service a request asks for, and whether that operation changes anything."""

from __future__ import annotations

from dataclasses import dataclass

from hasivu_play.sandbox.aws import routes
from hasivu_play.sandbox.aws.protocol import Request
from hasivu_play.sandbox.aws.supported import SUPPORTED

PREFIXES = {"monitoring": "cloudwatch"}
MODELS = {"s3": "s3", "lambda": "lambda", "backup": "backup", "cloudfront": "cloudfront", "scheduler": "scheduler"}

READING = ("Get", "List", "Describe", "Head", "Lookup", "Filter", "BatchGet", "Query", "Scan", "Search", "Select")

# Read or List in the Service Authorization Reference, or cryptography that alters no state, in spite of their names.
READING_BY_NAME = frozenset(
    {
        "iam:GenerateCredentialReport",
        "iam:GenerateServiceLastAccessedDetails",
        "iam:SimulateCustomPolicy",
        "iam:SimulatePrincipalPolicy",
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "logs:StartQuery",
        "logs:StopQuery",
        "logs:TestMetricFilter",
    }
)


@dataclass(frozen=True)
class Operation:
    """An operation of an AWS service, such as `lambda:Invoke`."""

    service: str
    name: str
    changing: bool

    @property
    def action(self) -> str:
        """Return service and name as the request log and IAM policies write them."""
        return f"{self.service}:{self.name}"

    @property
    def supported(self) -> bool:
        """Say whether the emulator answers this operation as AWS does."""
        return self.name in SUPPORTED.get(self.service, frozenset())


def identify(request: Request) -> Operation:
    """Return the operation of a request; one that cannot be named carries its method and path instead."""
    credential = request.credential
    service = credential["service"] if credential else "unsigned"
    service = PREFIXES.get(service, service)
    name = request.target or request.action or rest_operation(service, request) or f"{request.method} {request.path}"
    return Operation(service, name, changes(service, name, request))


def rest_operation(service: str, request: Request) -> str:
    """Return the operation of a REST request, or an empty text."""
    return routes.operation(MODELS[service], request) if service in MODELS else ""


def changes(service: str, name: str, request: Request) -> bool:
    """Say whether an operation may change anything; what is not known to read is held to change."""
    if service == "sts" or name.startswith(READING) or f"{service}:{name}" in READING_BY_NAME:
        return False
    return not is_unnamed_read(name) and not is_dry_run(name, request)


def is_unnamed_read(name: str) -> bool:
    """Say whether a request that has no operation's name, but method and path, only reads."""
    return name.startswith(("GET ", "HEAD "))


def is_dry_run(name: str, request: Request) -> bool:
    """Say whether the client asked to have an operation checked and not done."""
    if name == "Invoke":
        return request.headers.get("x-amz-invocation-type") == "DryRun"
    return request.form.get("DryRun", [""])[0].lower() == "true"
