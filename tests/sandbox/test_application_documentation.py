"""docs/sandbox.md says what the sandbox really offers."""

from __future__ import annotations

import re
from pathlib import Path

from hasivu_play.sandbox.application.app import build
from hasivu_play.sandbox.companions.app import build as build_companions
from hasivu_play.sandbox.faults import FAULTS
from hasivu_play.sandbox.parts import CLASSES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def first_column(heading: str) -> dict[str, str]:
    """Return the first two columns of the table below a heading, without code marks."""
    section = DOCUMENT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \|", section, re.MULTILINE)
    return dict(rows)


def test_every_part_is_described() -> None:
    assert set(first_column("The parts")) == set(CLASSES)


def test_every_fault_is_described_in_its_own_words() -> None:
    assert first_column("Faults") == FAULTS


def test_every_endpoint_of_the_application_is_described(tmp_path: Path) -> None:
    (tmp_path / "application").mkdir()
    routes = {
        (route.method, re.match(r"/[^{]*", route.resource.canonical)[0])
        for route in build(tmp_path / "application").router.routes()
        if route.method != "HEAD" and route.resource.canonical != "/_health"
    }
    described = {tuple(re.match(r"(\w+) (/[a-z_/-]*)", row).groups()) for row in first_column("The application")}
    assert routes == described


def test_every_credential_of_the_companions_is_named(tmp_path: Path) -> None:
    (tmp_path / "companions").mkdir()
    build_companions(tmp_path / "companions")
    for path in (tmp_path / "credentials").iterdir():
        assert f"`{path.name}`" in DOCUMENT
