"""What the API server looks at before it takes an object: kind, fields, name, preconditions."""

from __future__ import annotations

import secrets
import uuid

from hasivu_play.sandbox.kubernetes import failures
from hasivu_play.sandbox.kubernetes.failures import ApiError
from hasivu_play.sandbox.kubernetes.ownership import now
from hasivu_play.sandbox.kubernetes.resources import Object, Resource
from hasivu_play.sandbox.kubernetes.schema import Problem, normalise

NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def checked(resource: Resource, body: Object, validation: str) -> tuple[Object, list[str]]:
    """Return a body as an object of its kind, and the warnings about unknown fields."""
    if not isinstance(body, dict) or not isinstance(body.get("metadata") or {}, dict):
        raise ApiError(400, "the body of the request is not an object")
    kind, version = body.get("kind") or resource.kind, body.get("apiVersion") or resource.api_version
    if (kind, version) != (resource.kind, resource.api_version):
        message = f"the API version in the data ({version}, {kind}) does not match the expected API version"
        raise ApiError(400, f"{message} ({resource.api_version}, {resource.kind})")
    content, problems = normalise(resource.model, body)
    _refuse_problems(resource, problems, validation)
    unknown = [problem.message for problem in problems if problem.unknown]
    content = {"kind": kind, "apiVersion": version, **content, "metadata": content.get("metadata", {})}
    return content, unknown if validation == "Warn" else []


def _refuse_problems(resource: Resource, problems: list[Problem], validation: str) -> None:
    wrong = [problem.message for problem in problems if not problem.unknown]
    if wrong:
        kind = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise ApiError(400, f"{kind}: {wrong[0]}")
    unknown = [problem.message for problem in problems if problem.unknown]
    if unknown and validation == "Strict":
        raise ApiError(400, f"strict decoding error: {', '.join(unknown)}")


def new_metadata(resource: Resource, namespace: str, given: Object) -> Object:
    """Return the metadata of an object that is about to be made."""
    if given.get("resourceVersion"):
        raise ApiError(400, "resourceVersion should not be set on objects to be created")
    if resource.namespaced and given.get("namespace", namespace) != namespace:
        message = "the namespace of the provided object does not match the namespace sent on the request"
        raise ApiError(400, message)
    name = given.get("name") or (given["generateName"] + random_suffix() if given.get("generateName") else "")
    if not name:
        message = "Required value: name or generateName is required"
        raise failures.invalid(resource, "", [("metadata.name", message)])
    dropped = ("managedFields", "selfLink", "deletionTimestamp", "generation")
    metadata = {key: value for key, value in given.items() if key not in dropped}
    metadata |= {"name": name, "uid": str(uuid.uuid4()), "creationTimestamp": now()}
    if resource.namespaced:
        metadata["namespace"] = namespace
    return metadata | ({"generation": 1} if resource.generation else {})


def random_suffix(length: int = 5) -> str:
    """Return the random end of a generated name."""
    return "".join(secrets.choice(NAME_ALPHABET) for _ in range(length))


def check_name(resource: Resource, namespace: str, name: str, content: Object) -> None:
    """Refuse a body that is about another object than the address."""
    metadata = content["metadata"]
    metadata.setdefault("name", name)
    if metadata["name"] != name:
        message = f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
        raise ApiError(400, message)
    if resource.namespaced and metadata.setdefault("namespace", namespace) != namespace:
        message = "the namespace of the provided object does not match the namespace sent on the request"
        raise ApiError(400, message)


def check_preconditions(resource: Resource, before: Object, given: Object) -> None:
    """Refuse an update that was based on another object or on an old version of it."""
    name = before["metadata"]["name"]
    if given.get("uid", before["metadata"]["uid"]) != before["metadata"]["uid"]:
        cause = (
            f"Precondition failed: UID in precondition: {given['uid']}, UID in object meta: {before['metadata']['uid']}"
        )
        raise failures.conflict(resource, name, cause)
    if given.get("resourceVersion") not in (None, "", "0", before["metadata"]["resourceVersion"]):
        raise failures.modified(resource, name)
