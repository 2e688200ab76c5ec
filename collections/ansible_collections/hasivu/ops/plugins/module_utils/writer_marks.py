# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the database is known by in the settings of a program, and whether a program has any of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

Object = dict[str, Any]

LAMBDA_CALL = ":scheduler:::aws-sdk:lambda:invoke"


@dataclass(frozen=True)
class Marks:
    """What the database is known by.

    Attributes:
        secrets: Secrets of Kubernetes that hold a login.
        config_maps: Keys, with `*`, of the ConfigMaps that hold its address.
        variables: Names, with `*`, of variables that name it.
        secret_ids: Names, with `*`, of the secrets in Secrets Manager that hold a login.
    """

    secrets: tuple[str, ...] = ()
    config_maps: tuple[tuple[str, tuple[str, ...]], ...] = ()
    variables: tuple[str, ...] = ()
    secret_ids: tuple[str, ...] = ()


def marks_of(options: dict[str, Any]) -> Marks:
    """Return the marks that the inventory declares."""
    config_maps = tuple((name, tuple(keys)) for name, keys in (options.get("config_maps") or {}).items())
    lists = {name: tuple(options.get(name) or ()) for name in ("secrets", "variables", "secret_ids")}
    return Marks(config_maps=config_maps, **lists)


def pod_mark(spec: Object, marks: Marks) -> str:
    """Return what in the specification of a pod names the database, or nothing."""
    containers = [*spec.get("initContainers", []), *spec.get("containers", [])]
    volumes = (found for volume in spec.get("volumes", []) for found in volume_references(volume))
    references = [*volumes, *(found for container in containers for found in container_references(container))]
    return next(filter(None, (reference_mark(*reference, marks) for reference in references)), "") or next(
        filter(None, (variable_mark(one, marks) for container in containers for one in container.get("env", []))), ""
    )


def container_references(container: Object) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and key of what the environment of a container comes from; no key means all of them."""
    for source in container.get("envFrom", []):
        for kind in ("secretRef", "configMapRef"):
            if kind in source:
                yield kind.removesuffix("Ref"), source[kind].get("name", ""), ""
    for variable in container.get("env", []):
        origin = variable.get("valueFrom", {})
        for kind in ("secretKeyRef", "configMapKeyRef"):
            if kind in origin:
                yield kind.removesuffix("KeyRef"), origin[kind].get("name", ""), origin[kind].get("key", "")


def volume_references(volume: Object) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and key of what a volume is filled from."""
    for source in [volume, *volume.get("projected", {}).get("sources", [])]:
        for kind in ("secret", "configMap"):
            content = source.get(kind)
            if content is not None:
                name = content.get("secretName") or content.get("name", "")
                keys = [item["key"] for item in content.get("items") or []]
                yield from ((kind, name, key) for key in keys or [""])


def reference_mark(kind: str, name: str, key: str, marks: Marks) -> str:
    """Return what a reference to a Secret or ConfigMap says of the database, or nothing."""
    if kind == "secret":
        return f"Secret {name}" if name in marks.secrets else ""
    patterns = dict(marks.config_maps).get(name, ())
    known = bool(patterns) if not key else any(fnmatchcase(key, pattern) for pattern in patterns)
    return f"ConfigMap {name}" if known else ""


def variable_mark(variable: Object, marks: Marks) -> str:
    """Return the name of a variable that stands for the database, or nothing."""
    name = str(variable.get("name", ""))
    return f"variable {name}" if any(fnmatchcase(name, pattern) for pattern in marks.variables) else ""


def function_mark(configuration: Object, marks: Marks) -> str:
    """Return what in the environment of a function names the database, or nothing; never a value."""
    variables = configuration.get("Environment", {}).get("Variables", {})
    for name, value in sorted(variables.items()):
        if variable_mark({"name": name}, marks):
            return f"variable {name}"
        found = next((one for one in marks.secret_ids if names_secret(str(value), one)), "")
        if found:
            return f"secret {found}"
    return ""


def names_secret(value: str, pattern: str) -> bool:
    """Tell whether a value is the name or the ARN of a secret; an ARN ends with six signs that AWS adds."""
    name = value.partition(":secret:")[2] or value
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}-??????")


def function_of(arn: str) -> str:
    """Return the name of the function that an ARN of it, a version or an alias leads to, or nothing."""
    parts = arn.split(":")
    return parts[6] if len(parts) >= 7 and parts[2] == "lambda" and parts[5] == "function" else ""


def target_of(target: Object, functions: Iterable[str], queues: dict[str, str]) -> str:
    """Return the writer that a target of a rule or schedule leads to, directly or through a queue, or nothing."""
    arn = str(target.get("Arn", ""))
    called = function_of(arn) or queues.get(arn, "")
    if arn.endswith(LAMBDA_CALL):
        called = called_by(str(target.get("Input", "")))
    return called if called in functions else ""


def called_by(text: str) -> str:
    """Return the function that the input of a universal target calls, or nothing."""
    try:
        name = str(json.loads(text).get("FunctionName", ""))
    except (ValueError, AttributeError):
        return ""
    return function_of(name) or name.partition(":")[0]
