"""`metadata.managedFields`: each writer owns the fields that it set last."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from hasivu_play.sandbox.kubernetes.field_sets import Path, decode, encode, owned_fields
from hasivu_play.sandbox.kubernetes.resources import Object


@dataclass(frozen=True)
class Manager:
    """Someone who owns fields: a client, the way it writes, and the subresource that it writes through."""

    name: str
    operation: str = "Update"
    subresource: str = ""


@dataclass(frozen=True)
class Claim:
    """What a manager owns, since when, in which version of the API."""

    manager: Manager
    api_version: str
    time: str
    paths: frozenset[Path] = field(default=frozenset())


def read_claims(content: Object) -> list[Claim]:
    """Return the claims that an object carries."""
    return [
        Claim(
            Manager(entry.get("manager", ""), entry.get("operation", "Update"), entry.get("subresource", "")),
            entry.get("apiVersion", ""),
            entry.get("time", ""),
            frozenset(decode(entry.get("fieldsV1", {}))),
        )
        for entry in content["metadata"].get("managedFields", [])
    ]


def write_claims(content: Object, claims: list[Claim]) -> Object:
    """Return an object that carries these claims; one that owns nothing is dropped."""
    entries = [_entry(claim) for claim in claims if claim.paths]
    return {**content, "metadata": {**content["metadata"], "managedFields": entries}}


def _entry(claim: Claim) -> Object:
    entry: dict[str, Any] = {
        "manager": claim.manager.name,
        "operation": claim.manager.operation,
        "apiVersion": claim.api_version,
        "time": claim.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": encode(claim.paths),
    }
    if claim.manager.subresource:
        entry["subresource"] = claim.manager.subresource
    return entry


def record_update(model: str, before: Object, after: Object, manager: Manager) -> Object:
    """Give the manager what it changed, and take that and what is gone from everybody else."""
    old, new = owned_fields(model, before), owned_fields(model, after)
    changed = {path for path, value in new.items() if path not in old or old[path] != value}
    gone = old.keys() - new.keys()
    if not changed and not gone:
        return after
    claims = [
        claim if claim.manager == manager else replace(claim, paths=claim.paths - changed - gone)
        for claim in read_claims(before)
    ]
    return write_claims(after, extend(claims, manager, after["apiVersion"], frozenset(changed), gone))


def extend(
    claims: list[Claim], manager: Manager, api_version: str, paths: frozenset[Path], gone: set[Path] | None = None
) -> list[Claim]:
    """Add paths to the claim of a manager."""
    mine = next((claim.paths for claim in claims if claim.manager == manager), frozenset[Path]())
    others = [claim for claim in claims if claim.manager != manager]
    return [*others, Claim(manager, api_version, now(), (mine | paths) - (gone or set()))]


def now() -> str:
    """Return the present as Kubernetes writes it, in whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
