"""The errors of a Kubernetes API server: each is a `Status` object with a reason, a message and details."""

from __future__ import annotations

from typing import Any

from hasivu_play.sandbox.kubernetes.resources import Resource

REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Expired",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    422: "Invalid",
    500: "InternalError",
    501: "NotImplemented",
    503: "ServiceUnavailable",
}


class ApiError(Exception):
    """Raised to answer a request with a failed `Status`."""

    def __init__(self, code: int, message: str, *, reason: str = "", details: dict[str, Any] | None = None) -> None:
        """Keep what the client will read."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason or REASONS[code]
        self.details = details or {}

    def status(self) -> dict[str, Any]:
        """Return the `Status` object."""
        content: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details:
            content["details"] = self.details
        return {**content, "code": self.code}


def details(resource: Resource, name: str, **more: object) -> dict[str, Any]:
    """Name the object that an error is about."""
    content: dict[str, Any] = {"name": name, "group": resource.group, "kind": resource.name}
    return {key: value for key, value in {**content, **more}.items() if value}


def not_found(resource: Resource, name: str) -> ApiError:
    """Say that an object does not exist."""
    return ApiError(404, f'{resource.qualified} "{name}" not found', details=details(resource, name))


def already_exists(resource: Resource, name: str) -> ApiError:
    """Say that an object exists already."""
    message = f'{resource.qualified} "{name}" already exists'
    return ApiError(409, message, reason="AlreadyExists", details=details(resource, name))


def conflict(resource: Resource, name: str, cause: str) -> ApiError:
    """Say that an update was based on something that is no longer true."""
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {cause}'
    return ApiError(409, message, details=details(resource, name))


def modified(resource: Resource, name: str) -> ApiError:
    """Say that an update carried an old resourceVersion."""
    cause = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(resource, name, cause)


def forbidden(resource: Resource, name: str, cause: str) -> ApiError:
    """Say that a request is understood and not allowed."""
    return ApiError(403, f'{resource.qualified} "{name}" is forbidden: {cause}', details=details(resource, name))


def invalid(resource: Resource, name: str, problems: list[tuple[str, str]]) -> ApiError:
    """Say which fields have values that cannot be."""
    lines = [f"{field}: {problem}" for field, problem in problems]
    text = lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]"
    causes = [{"reason": "FieldValueInvalid", "message": problem, "field": field} for field, problem in problems]
    about = details(resource, name, causes=causes) | {"kind": resource.kind}
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    return ApiError(422, f'{kind} "{name}" is invalid: {text}', details=about)


def not_emulated(what: str) -> ApiError:
    """Say loudly that real Kubernetes knows this and the sandbox does not."""
    return ApiError(501, f"The Kubernetes of the sandbox does not emulate {what}.")
