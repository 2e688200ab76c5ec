"""Requests and answers of RDS, read and written by the model of the API, so that no field is misspelt or forgotten."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any
from xml.sax.saxutils import escape

from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel, Shape, StructureShape

from hasivu_play.sandbox.aws.rds.errors import RdsError

NAMESPACE = "http://rds.amazonaws.com/doc/2014-10-31/"
Fields = dict[str, Any]
Form = Mapping[str, Any]
Answer = tuple[int, dict[str, str], bytes]
CASTS: dict[str, Callable[[str], Any]] = {"boolean": lambda text: text.lower() == "true", "integer": int, "long": int}


@functools.cache
def model() -> ServiceModel:
    """Return the model of the API."""
    return ServiceModel(Loader().load_service_model("rds", "service-2"), "rds")


def read(operation: str, form: Form, known: Collection[str]) -> Fields:
    """Return the parameters of a request.

    Raises:
        RdsError: One of them is not `known`: leaving it out in silence would be a lie.
    """
    flat = {name: value[0] if isinstance(value, list) else value for name, value in form.items()}
    shape = model().operation_model(operation).input_shape
    asked: Fields = read_shape(shape, flat, "") if shape else {}
    unknown = sorted(asked.keys() - set(known))
    if unknown:
        message = f"The sandbox's AWS emulator does not know {', '.join(unknown)} of {operation}."
        raise RdsError("NotImplemented", message, 501)
    return asked


def read_shape(shape: Shape, form: Mapping[str, str], prefix: str) -> Any:
    """Return the value under a prefix of the form."""
    if isinstance(shape, StructureShape):
        members = {name: f"{prefix}.{name}".strip(".") for name in shape.members}
        return {
            name: read_shape(shape.members[name], form, path) for name, path in members.items() if present(form, path)
        }
    if isinstance(shape, ListShape):
        return read_list(shape.member, form, f"{prefix}.{shape.member.serialization.get('name', 'member')}")
    return CASTS.get(shape.type_name, str)(form[prefix])


def read_list(member: Shape, form: Mapping[str, str], prefix: str) -> list[Any]:
    """Return the numbered values under a prefix of the form."""
    found: list[Any] = []
    while present(form, f"{prefix}.{len(found) + 1}"):
        found.append(read_shape(member, form, f"{prefix}.{len(found) + 1}"))
    return found


def present(form: Mapping[str, str], path: str) -> bool:
    """Say whether a form holds something at a path or below it."""
    return path in form or any(name.startswith(f"{path}.") for name in form)


def response(operation: str, result: Fields) -> Answer:
    """Return a result as the API sends it; fields that the API does not have stay behind."""
    shape = model().operation_model(operation).output_shape
    body = f"<{operation}Result>{write(shape, result)}</{operation}Result>" if shape else ""
    identifier = str(uuid.uuid4())
    metadata = f"<ResponseMetadata><RequestId>{identifier}</RequestId></ResponseMetadata>"
    document = f'<{operation}Response xmlns="{NAMESPACE}">{body}{metadata}</{operation}Response>'
    return 200, {"Content-Type": "text/xml", "x-amzn-RequestId": identifier}, document.encode()


def write(shape: Shape, value: Any) -> str:
    """Return a value as XML without the element around it."""
    if isinstance(shape, StructureShape):
        named = ((name, member, value.get(name)) for name, member in shape.members.items())
        return "".join(f"<{name}>{write(member, found)}</{name}>" for name, member, found in named if found is not None)
    if isinstance(shape, ListShape):
        tag = shape.member.serialization.get("name", "member")
        return "".join(f"<{tag}>{write(shape.member, item)}</{tag}>" for item in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
