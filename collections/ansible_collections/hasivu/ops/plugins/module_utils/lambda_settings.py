# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wanted of a Lambda function, what differs from it, and what of it may be told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Configuration = dict[str, Any]

FIELDS = {"memory_size": "MemorySize", "timeout": "Timeout", "runtime": "Runtime"}
BOUNDS = {"memory_size": (128, 10_240), "timeout": (1, 900)}
HIDDEN = "(a value)"

# What a version does not share with $LATEST although it was made from it: names, states, times, and its description.
OF_THE_COPY = frozenset(
    {"FunctionArn", "Version", "RevisionId", "LastModified", "MasterArn", "Description", "State", "StateReason",
     "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode", "ConfigSha256",
     "RuntimeVersionConfig", "ResponseMetadata"}
)  # fmt: skip
SECRET_NAMES = ("PASSWORD", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE_KEY", "API_KEY")


def objection(options: Mapping[str, Any], prefix: str) -> str:
    """Return why something else must be asked for, or nothing."""
    if not options["function"].startswith(prefix):
        return f"The function {options['function']} does not begin with {prefix}. Name a function of the platform."
    for name, (least, most) in BOUNDS.items():
        value = options.get(name)
        if value is not None and not least <= value <= most:
            return f"{name} is {value}, and must lie between {least} and {most}. Give another value."
    given = (options.get("environment") or {}).get("set") or {}
    secret = [name for name in given if any(part in name.upper() for part in SECRET_NAMES)]
    if secret:
        return f"{secret[0]} looks like a secret, which must not be given as a value. Use environment_from_secret."
    return ""


def environment_of(configuration: Configuration) -> dict[str, str]:
    """Return the environment variables of a function."""
    variables: dict[str, str] = (configuration.get("Environment") or {}).get("Variables") or {}
    return variables


def merged_environment(
    present: Mapping[str, str], given: Mapping[str, str], removed: list[str], secret: Mapping[str, str]
) -> dict[str, str]:
    """Return the whole environment as it is wanted; what nobody speaks of stays."""
    kept = {name: value for name, value in present.items() if name not in removed}
    return {**kept, **{name: str(value) for name, value in given.items()}, **secret}


def wanted_request(
    configuration: Configuration, options: Mapping[str, Any], secret: Mapping[str, str]
) -> Configuration:
    """Return the part of an update that differs from what a function has."""
    request = {
        field: options[name]
        for name, field in FIELDS.items()
        if options.get(name) is not None and configuration.get(field) != options[name]
    }
    environment = options.get("environment") or {}
    present = environment_of(configuration)
    wanted = merged_environment(present, environment.get("set") or {}, environment.get("unset") or [], secret)
    return {**request, **({"Environment": {"Variables": wanted}} if wanted != present else {})}


def restoring_request(latest: Configuration, version: Configuration, touched: list[str]) -> Configuration:
    """Return the update that gives $LATEST back what a version has, in the settings touched and no other."""
    request = {
        field: version[field] for field in FIELDS.values() if field in touched and latest.get(field) != version[field]
    }
    present, before = environment_of(latest), environment_of(version)
    names = {name.removeprefix("Environment.") for name in touched if name.startswith("Environment.")}
    kept = {name: value for name, value in present.items() if name not in names}
    wanted = {**kept, **{name: before[name] for name in names if name in before}}
    return {**request, **({"Environment": {"Variables": wanted}} if wanted != present else {})}


def touched_by(options: Mapping[str, Any]) -> list[str]:
    """Return the settings that a change speaks of; a variable of the environment is `Environment.NAME`."""
    environment = options.get("environment") or {}
    from_secret = (options.get("environment_from_secret") or {}).get("variables") or {}
    names = [*(environment.get("set") or {}), *(environment.get("unset") or []), *from_secret]
    fields = [field for name, field in FIELDS.items() if options.get(name) is not None]
    return sorted({*fields, *(f"Environment.{name}" for name in names)})


def settings(configuration: Configuration) -> dict[str, Any]:
    """Return everything that a version would freeze, one entry a setting, and one for each variable."""
    plain = {
        name: value
        for name, value in configuration.items()
        if name not in OF_THE_COPY and name != "Environment" and value not in ("", None, [], {})
    }
    return {**plain, **{f"Environment.{name}": value for name, value in environment_of(configuration).items()}}


def differences(one: Configuration, other: Configuration, ignored: list[str] | None = None) -> list[str]:
    """Return the names of the settings in which two configurations differ, code included."""
    left, right = settings(one), settings(other)
    differing = {name for name in {*left, *right} if canonical(left.get(name)) != canonical(right.get(name))}
    differing -= {"CodeSize"} if "CodeSha256" in differing else set()
    return sorted(differing - set(ignored or []))


def canonical(value: Any) -> str:
    """Return a value in one form, whatever the order of its keys."""
    return json.dumps(value, sort_keys=True, default=str)


def told(configuration: Configuration) -> dict[str, Any]:
    """Return a configuration as a record may hold it: of the environment the names, and one digest over all of it."""
    shown = {name: value for name, value in configuration.items() if name not in ("Environment", "ResponseMetadata")}
    variables = environment_of(configuration)
    digest = hashlib.sha256(canonical(variables).encode()).hexdigest()
    return {**shown, "EnvironmentNames": sorted(variables), "EnvironmentSha256": digest}


def shown_difference(before: Configuration, request: Configuration) -> dict[str, str]:
    """Return the diff of an update; of a variable it tells that it changes, never from what to what."""
    rows: list[tuple[str, Any, Any]] = [
        (field, before.get(field), value) for field, value in request.items() if field != "Environment"
    ]
    if "Environment" in request:
        old, new = environment_of(before), request["Environment"]["Variables"]
        rows += [
            (f"Environment.{name}", HIDDEN if name in old else None, changed_to(name, old, new))
            for name in sorted({*old, *new})
            if old.get(name) != new.get(name)
        ]
    return {
        "before": "".join(f"{name}: {value}\n" for name, value, _ in rows if value is not None),
        "after": "".join(f"{name}: {value}\n" for name, _, value in rows if value is not None),
    }


def changed_to(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> str | None:
    """Say what becomes of a variable."""
    if name not in new:
        return None
    return "(another value)" if name in old else HIDDEN
