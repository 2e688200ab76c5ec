"""The database mirror that scanners ask: OSV's API and date index, and the advisories of an npm registry.

OSV: https://google.github.io/osv.dev/api/ and, for `modified_id.csv`, https://google.github.io/osv.dev/data/#data-dumps.
npm: the bulk endpoint as npm-audit-report and @npmcli/arborist ask it, and the packument that npm asks for besides.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from packaging.version import InvalidVersion, Version

from hasivu_play.sandbox.companions.advisory_entries import ENTRIES, PACKUMENTS
from hasivu_play.sandbox.companions.service import ApiError, Service
from hasivu_play.sandbox.http_part import json_object, json_response, read_faults

NAME = "advisories"
BULK = "/npm/-/npm/v1/security/advisories/bulk"


def build(directory: Path) -> web.Application:
    """Return the mirror as an application."""
    routes = [
        web.post("/v1/query", query),
        web.get("/v1/vulns/{id}", entry),
        web.get("/PyPI/modified_id.csv", partial(index, directory)),
        web.post(BULK, bulk),
        web.get("/npm/{name}", packument),
    ]
    return Service(NAME, routes, lambda request: None, word_error).build(directory)


def word_error(status: int, message: str) -> dict[str, Any]:
    """Return the body of an error, as gRPC's gateway words it."""
    return {"code": {400: 3, 404: 5}.get(status, 13), "message": message}


async def query(request: web.Request) -> web.Response:
    """Answer `POST /v1/query`: the entries that affect a version of a package; none is an empty object."""
    asked = await json_object(request) or {}
    package, version = asked.get("package", {}), asked.get("version")
    if not isinstance(package, dict) or not package.get("name") or not isinstance(version, str):
        raise ApiError(400, word_error(400, "Invalid query."))
    found = [one for one in ENTRIES if affects(one, str(package.get("ecosystem")), package["name"], version)]
    return json_response({"vulns": found} if found else {})


async def entry(request: web.Request) -> web.Response:
    """Answer `GET /v1/vulns/{id}`."""
    found = [one for one in ENTRIES if one["id"] == request.match_info["id"]]
    if not found:
        raise ApiError(404, word_error(404, "Bug not found."))
    return json_response(found[0])


async def index(directory: Path, request: web.Request) -> web.Response:
    """Answer with the dates of change, newest first; the fault `advisories_days_old` says how old that is."""
    days = float(read_faults(directory).get("advisories_days_old", 0))
    newest = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    names = [one["id"] for one in ENTRIES if one["affected"][0]["package"]["ecosystem"] == "PyPI"]
    return web.Response(
        text="".join(f"{newest:%Y-%m-%dT%H:%M:%SZ},{name}\n" for name in names), content_type="text/csv"
    )


def affects(one: dict[str, Any], ecosystem: str, name: str, version: str) -> bool:
    """Tell whether an entry affects a version, by the events of its ranges."""
    try:
        asked = Version(version)
    except InvalidVersion:
        return False
    return any(
        affected["package"] == {"ecosystem": ecosystem, "name": name} and in_range(events["events"], asked)
        for affected in one["affected"]
        for events in affected["ranges"]
    )


def in_range(events: list[dict[str, str]], asked: Version) -> bool:
    """Tell whether a version lies between introduction and fix."""
    inside = False
    for event in events:
        if "introduced" in event and asked >= Version(event["introduced"]):
            inside = True
        if "fixed" in event and asked >= Version(event["fixed"]):
            inside = False
    return inside


async def bulk(request: web.Request) -> web.Response:
    """Answer npm: for each package the advisories that affect one of the versions asked about."""
    asked = await json_object(request)
    if asked is None:
        raise ApiError(400, word_error(400, "Invalid JSON"))
    found = {name: npm_advisories(name, versions) for name, versions in asked.items()}
    return json_response({name: listed for name, listed in found.items() if listed})


def npm_advisories(name: str, versions: list[str]) -> list[dict[str, Any]]:
    """Return the advisories of a package in npm's form."""
    affecting = [one for one in ENTRIES if any(affects(one, "npm", name, version) for version in versions)]
    return [npm_form(one) for one in affecting]


def npm_form(one: dict[str, Any]) -> dict[str, Any]:
    """Return an entry as npm's registry words it."""
    events = one["affected"][0]["ranges"][-1]["events"]
    return {
        "id": one["database_specific"]["npm_id"],
        "url": f"https://github.com/advisories/{one['id']}",
        "title": one["summary"],
        "severity": one["database_specific"]["severity"].lower(),
        "vulnerable_versions": f">={events[0]['introduced']} <{events[1]['fixed']}",
        "cwe": one["database_specific"]["cwe_ids"],
        "cvss": {"score": one["database_specific"]["score"], "vectorString": one["severity"][0]["score"]},
    }


async def packument(request: web.Request) -> web.Response:
    """Answer with the versions of a package."""
    name = request.match_info["name"]
    if name not in PACKUMENTS:
        raise ApiError(404, {"error": "Not found"})
    versions = {version: {"name": name, "version": version} for version in PACKUMENTS[name]}
    return json_response({"name": name, "dist-tags": {"latest": PACKUMENTS[name][-1]}, "versions": versions})
