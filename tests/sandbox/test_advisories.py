"""The database mirror answers as OSV's API and npm's registry are documented to."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hasivu_play.sandbox.companions import advisories


def ask(directory: Path, path: str, body: Any = None) -> tuple[int, str]:
    """Ask the mirror once."""

    async def call() -> tuple[int, str]:
        async with TestClient(TestServer(advisories.build(directory))) as client:
            answer = await (client.get(path) if body is None else client.post(path, json=body))
            return answer.status, await answer.text()

    return asyncio.run(call())


@pytest.mark.parametrize(("version", "hit"), [("2.19.1", True), ("2.20.0", False), ("2.32.5", False)])
def test_osv_tells_only_what_affects_the_version(tmp_path: Path, version: str, hit: bool) -> None:
    asked = {"package": {"name": "requests", "ecosystem": "PyPI"}, "version": version}
    status, text = ask(tmp_path, "/v1/query", asked)
    assert status == 200
    assert bool(json.loads(text)) == hit
    assert ask(tmp_path, "/v1/query", {"version": version})[0] == 400


def test_osv_tells_an_entry_by_its_id_and_404_for_another(tmp_path: Path) -> None:
    status, text = ask(tmp_path, "/v1/vulns/GHSA-x84v-xcm2-53pg")
    assert (status, json.loads(text)["database_specific"]["severity"]) == (200, "HIGH")
    assert ask(tmp_path, "/v1/vulns/CVE-2018-18074")[0] == 404


@pytest.mark.parametrize(("version", "hit"), [("1.2.5", True), ("1.2.6", False), ("0.2.4", False)])
def test_npm_gets_the_advisories_of_its_versions_alone(tmp_path: Path, version: str, hit: bool) -> None:
    status, text = ask(tmp_path, advisories.BULK, {"minimist": [version], "ms": ["2.1.3"]})
    assert status == 200
    assert set(json.loads(text)) == ({"minimist"} if hit else set())


def test_what_is_not_emulated_is_said(tmp_path: Path) -> None:
    assert ask(tmp_path, "/v1/querybatch", {"queries": []})[0] == 501
