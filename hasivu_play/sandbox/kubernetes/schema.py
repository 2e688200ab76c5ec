"""The types of Kubernetes objects, taken from the models of the official client library."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from hasivu_play.sandbox.kubernetes.resources import Object

MICRO_TIMES = {("V1LeaseSpec", "acquireTime"), ("V1LeaseSpec", "renewTime"), ("CoreV1Event", "eventTime")}
MICRO_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
CONTAINER = re.compile(r"^(list|dict)[\[(](?:str, )?(.+)[\])]$")
SCALARS: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}
GO_NAMES = {"str": "string", "int": "int32", "float": "float64", "bool": "bool"}


@dataclass(frozen=True)
class Type:
    """The type of a field: a scalar, `object`, a model, or a list or mapping of one of these."""

    name: str
    container: str = ""

    @property
    def element(self) -> Type:
        """Return the type of what a list or mapping holds."""
        match = CONTAINER.match(self.name)
        return Type(match[2], match[1]) if match else Type(self.name)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a field."""

    path: str
    message: str
    unknown: bool = False


@cache
def fields(model: str) -> dict[str, Type]:
    """Return the fields of a model by their names in JSON; a name that is no model has none."""
    # Imported late: the models take half a second, which the start of the server must not wait for.
    from kubernetes.client import models

    declared = getattr(models, model, None)
    if declared is None:
        return {}
    return {declared.attribute_map[attribute]: _read_type(text) for attribute, text in declared.openapi_types.items()}


def _read_type(text: str) -> Type:
    match = CONTAINER.match(text)
    return Type(match[2], match[1]) if match else Type(text)


def normalise(model: str, content: Object, path: str = "") -> tuple[Object, list[Problem]]:
    """Return an object as the API server would keep it, and what is wrong with it."""
    result: Object = {}
    problems: list[Problem] = []
    known = fields(model)
    for name, value in content.items():
        where = f"{path}.{name}" if path else name
        if name not in known:
            problems.append(Problem(where, f'unknown field "{where}"', unknown=True))
        elif value is not None:
            kept, found = _normalise_field(model, name, known[name], value, where)
            problems += found
            if kept not in ([], None) and not (kept == {} and known[name].container):
                result[name] = kept
    return result, problems


def _normalise_field(model: str, name: str, kind: Type, value: Any, path: str) -> tuple[Any, list[Problem]]:
    if (model, name) in MICRO_TIMES:
        return _time(value, path, micro=True)
    if _is_quantities(model, name) and isinstance(value, dict):
        value = {key: str(amount) if isinstance(amount, int | float) else amount for key, amount in value.items()}
    return _normalise_value(kind, value, path)


def _is_quantities(model: str, name: str) -> bool:
    return name in ("limits", "requests", "hard", "used", "capacity", "allocatable") and model.startswith("V1")


def _normalise_value(kind: Type, value: Any, path: str) -> tuple[Any, list[Problem]]:
    if kind.container == "list":
        return _normalise_list(kind, value, path)
    if kind.container == "dict":
        return _normalise_mapping(kind, value, path)
    if kind.name in SCALARS:
        return value, _scalar_problems(kind.name, value, path)
    if kind.name == "datetime":
        return _time(value, path, micro=False)
    if kind.name == "object" or not fields(kind.name):
        return value, []
    if not isinstance(value, dict):
        return value, [_mismatch(value, path, kind.name)]
    return normalise(kind.name, value, path)


def _normalise_list(kind: Type, value: Any, path: str) -> tuple[Any, list[Problem]]:
    if not isinstance(value, list):
        return value, [_mismatch(value, path, f"[]{kind.name}")]
    pairs = [_normalise_value(kind.element, item, f"{path}[{index}]") for index, item in enumerate(value)]
    return [kept for kept, _ in pairs], [problem for _, found in pairs for problem in found]


def _normalise_mapping(kind: Type, value: Any, path: str) -> tuple[Any, list[Problem]]:
    if not isinstance(value, dict):
        return value, [_mismatch(value, path, "map[string]string")]
    pairs = {key: _normalise_value(kind.element, item, path) for key, item in value.items() if item is not None}
    return {key: pair[0] for key, pair in pairs.items()}, [problem for pair in pairs.values() for problem in pair[1]]


def _scalar_problems(name: str, value: Any, path: str) -> list[Problem]:
    is_other = not isinstance(value, SCALARS[name]) or (isinstance(value, bool) and name != "bool")
    return [_mismatch(value, path, GO_NAMES[name])] if is_other else []


def _mismatch(value: Any, path: str, wanted: str) -> Problem:
    shown = {str: "string", bool: "bool", dict: "object", list: "array"}.get(type(value), f"number {value}")
    return Problem(path, f"json: cannot unmarshal {shown} into Go struct field {path} of type {wanted}")


def _time(value: Any, path: str, *, micro: bool) -> tuple[Any, list[Problem]]:
    layout = "2006-01-02T15:04:05.000000Z07:00" if micro else "2006-01-02T15:04:05Z07:00"
    if not isinstance(value, str) or not (MICRO_TIME if micro else TIME).match(value):
        return value, [Problem(path, f'parsing time "{value}" as "{layout}": cannot parse it ({path})')]
    moment = datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds" if micro else "seconds") + "Z", []
