"""The site as an auditor meets it: opened from a folder in a browser, read, searched, printed, in light and dark."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from support.browser import browsing
from support.history import HOSTILE, write
from support.recording import sandbox_key
from support.sandbox import PROJECT, Sandbox

from hasivu_play.project import installed_project

pytestmark = pytest.mark.xdist_group("site")

RUNS = 30
PICTURES = PROJECT / "tests" / "pictures"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
# One template makes all rows of a table, all blocks of the manual and all steps; the first of them speak for the rest.
FIRST = {"exclude": [["tr:nth-child(n+9)"], ["section:nth-of-type(n+9)"], [".steps li:nth-child(n+30)"]]}
WHOLE: dict[str, Any] = {}
COLOURS = {"runOnly": ["color-contrast"]}  # nothing else is different in the dark
LOOKS = [("light", DESK, WHOLE), ("dark", DESK, COLOURS), ("light", PHONE, COLOURS), ("dark", PHONE, COLOURS)]
MENU = ["Overview", "Procedures", "Calendar", "Runs", "Controls", "Manual", "RTO and RPO", "Incidents"]
PLAIN = [
    "index", "procedures", "procedures/db-recovery", "calendar", "runs", "controls", "coverage", "objectives",
    "incidents", "search",
]  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site of the project and of some months, as a user does."""
    home = tmp_path_factory.mktemp("auditor")
    write(home, sandbox_key(home), installed_project(), RUNS)
    built = Sandbox(home).play("site", "build", str(home / "site"), "--json")
    assert built.returncode == 0, built.stderr
    told = json.loads(built.stdout)
    assert (told["runs"], told["procedures"]) == (RUNS, len(installed_project().procedures()))
    return home / "site"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a page; whatever it says on the console or asks from a network is a failure."""
    context = browser.new_context(viewport=DESK)
    opened, wrong = context.new_page(), []
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda request: wrong.append(request.url) if not request.url.startswith("file:") else None)
    yield opened
    context.close()
    assert wrong == []


def address(site: Path, name: str) -> str:
    return f"{(site / name).as_uri()}.html"


def runs(site: Path) -> list[Path]:
    return sorted((site.parent / "runs").iterdir())


def a_finding(site: Path) -> Path:
    """Return the record of a run that found something."""
    return next(folder for folder in runs(site) if json.loads((folder / "report.json").read_text())["findings"])


def test_every_page_is_reached_by_the_menu_and_every_link_leads_somewhere(site: Path, page: Page) -> None:
    page.goto(address(site, "index"))
    for name in MENU:
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        assert page.locator("nav a[aria-current]").inner_text() == name
        assert page.locator("h1").count() == 1
    broken = []
    for file in site.rglob("*.html"):
        page.goto(file.as_uri())
        for link in page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)"):
            target, _, anchor = link.removeprefix("file://").partition("#")
            found = Path(target.partition("?")[0])
            if not found.is_file() or (anchor and f'id="{anchor}"' not in found.read_text()):
                broken.append((file.name, link))
    assert broken == []


def test_the_search_finds_a_step_and_leads_to_it(site: Path, page: Page) -> None:
    page.goto(address(site, "runs"))
    page.get_by_label("Search").fill("freeze analyse most urgent")
    page.get_by_label("Search").press("Enter")
    found = page.locator("#results a")
    assert found.first.inner_text() == "Vacuum, freeze and analyse the tables in need, most urgent first"
    found.first.click()
    assert page.locator("li:target").inner_text() == "Vacuum, freeze and analyse the tables in need, most urgent first"
    page.goto(address(site, "search") + "?q=%3Cimg%20src%3Dx%3E")
    assert page.locator("#answer").inner_text().startswith("0 found for “<img src=x>”")
    page.get_by_label("Search").fill("OPS-7")
    assert page.locator("#results a").first.get_attribute("href") == f"runs/{runs(site)[-8].name}.html"


def test_the_list_of_runs_narrows(site: Path, page: Page) -> None:
    page.goto(address(site, "runs"))
    rows = page.locator("tbody tr")
    assert rows.count() == RUNS
    page.get_by_label("Ended as").select_option("interrupted")
    ended = [json.loads((folder / "manifest.json").read_text())["state"] for folder in runs(site)]
    assert page.locator("tbody tr:visible").count() == ended.count("interrupted")
    assert page.locator("#count").inner_text() == f"{ended.count('interrupted')} of {RUNS}"


def test_the_page_of_a_run_tells_what_its_record_tells_and_no_value_becomes_code(site: Path, page: Page) -> None:
    record = a_finding(site)
    page.goto(address(site, f"runs/{record.name}"))
    events = [json.loads(line) for line in (record / "record.jsonl").read_text().splitlines()]
    finished = [event for event in events if event["event"] == "step_finished"]
    rows = page.locator(".timeline tbody tr")
    assert rows.count() == len(finished)
    assert rows.first.locator("th").inner_text().removeprefix("guard ") == finished[0]["name"]
    manifest = json.loads((record / "manifest.json").read_text())
    for proof in (manifest["head"], manifest["signer"]["fingerprint"], "the signature verified"):
        assert proof in page.locator("main").inner_text()
    assert page.locator(".findings strong").inner_text() == HOSTILE
    assert "taken" not in page.title()
    assert page.locator("script").count() == 0


@pytest.mark.parametrize(("scheme", "size", "rules"), LOOKS)
def test_nothing_keeps_anybody_from_reading_a_page(
    site: Path, browser: Browser, scheme: Any, size: Any, rules: dict[str, Any]
) -> None:
    PICTURES.mkdir(exist_ok=True)
    context = browser.new_context(color_scheme=scheme, viewport=size)
    page = context.new_page()
    for name in [*PLAIN, f"runs/{a_finding(site).name}"]:
        page.goto(address(site, name))
        found = Axe().run(page, context=FIRST, options=rules)
        assert found.violations_count == 0, f"{name} in {scheme}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name
        kind = name.partition("/")[0] + ("-page" if "/" in name else "")
        page.screenshot(path=PICTURES / f"{kind}-{scheme}-{size['width']}.png")
    context.close()


def test_a_page_is_printed_whole_and_without_what_only_a_screen_needs(site: Path, page: Page) -> None:
    page.goto(address(site, "procedures/weekly-db"))
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.get_by_label("Search").is_visible()
    PICTURES.mkdir(exist_ok=True)
    page.pdf(path=PICTURES / "procedure.pdf", format="A4")
    assert (PICTURES / "procedure.pdf").read_bytes().count(b"/Type /Page\n") >= 2


def test_a_record_that_was_altered_is_named_and_proves_nothing(site: Path, page: Page) -> None:
    record = a_finding(site)
    home, whole = site.parent, (record / "record.jsonl").read_text()
    (record / "record.jsonl").write_text(whole.replace('"ok"', '"changed"', 1))
    try:
        built = Sandbox(home).play("site", "build", str(home / "altered"))
    finally:
        (record / "record.jsonl").write_text(whole)
    assert built.returncode == 1
    assert record.name in built.stderr
    page.goto(address(home / "altered", f"runs/{record.name}"))
    assert "This record does not verify" in page.locator("main").inner_text()
    page.goto(address(home / "altered", "incidents"))
    assert page.locator(f"a[href='runs/{record.name}.html']").count() == 1
    page.goto(address(home / "altered", "controls"))
    assert page.locator(f"a[href='runs/{record.name}.html']").count() == 0


def test_no_secret_of_the_state_folder_is_on_any_page(site: Path) -> None:
    key = (site.parent / "sandbox" / "credentials" / "record_ed25519").read_text().splitlines()[2]
    found = subprocess.run(["grep", "-rlF", "--", key, str(site)], capture_output=True, text=True, check=False)
    assert found.stdout == ""
