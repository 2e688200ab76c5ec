"""run_report: the two files that it leaves in the record of a run."""

from __future__ import annotations

import contextlib
import io
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.hasivu.ops.plugins.modules import run_report

HOSTILE = "<script>alert('orders')</script>"
VOID = {"meta", "br", "rect", "link", "hr", "img"}
REPORT: dict[str, Any] = {
    "title": "Weekly database maintenance",
    "outcome": "finding",
    "verdict": "One table could not be cleaned.",
    "facts": [{"name": "Started", "value": "2026-11-28T20:30:00Z", "kind": "time"}],
    "findings": [
        {"what": "An index is unused.", "where": "public.a", "why": "It costs writes.", "do": "Review it."},
        {"what": HOSTILE, "where": "public.b", "why": "Dead rows stay.", "do": "End it.", "severity": "high"},
    ],
    "sections": [
        {
            "title": "Dead rows",
            "chart": {
                "title": "Dead rows before and after",
                "series": ["before", "after"],
                "rows": [{"label": "public.orders", "values": [40000, 0]}, {"label": HOSTILE, "values": [100, 90]}],
            },
        },
        {
            "title": "Tables",
            "table": {
                "caption": "Tables in need",
                "columns": [
                    {"key": "table", "label": "Table"},
                    {"key": "bytes", "label": "Size", "kind": "bytes"},
                    {"key": "outcome", "label": "Outcome", "kind": "outcome"},
                ],
                "rows": [{"table": HOSTILE, "bytes": 1536, "outcome": "ineffective"}, {"table": "public.orders"}],
            },
        },
        {"title": "Sessions", "table": {"caption": "Sessions ended", "columns": [], "rows": []}},
    ],
    "data": {"tables": [1, 2, 3]},
}


class Page(HTMLParser):
    """Collects what is on a page, and checks that every element is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def report(folder: Path, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    arguments = {"_ansible_check_mode": check_mode, **REPORT, "directory": str(folder), **options}
    printed = io.StringIO()
    with patch_module_args(arguments), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        run_report.main()
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


@pytest.mark.parametrize("check_mode", [False, True])
def test_both_files_are_written_for_their_owner_only_even_in_a_rehearsal(tmp_path, check_mode):
    result = report(tmp_path, check_mode)
    assert not result["changed"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_the_data_is_what_was_given_with_the_worst_finding_first(tmp_path):
    data = json.loads(Path(report(tmp_path)["json"]).read_text())
    assert data["form"] == "hasivu-report/1"
    assert data["data"] == {"tables": [1, 2, 3]}
    assert [found["severity"] for found in data["findings"]] == ["high", "advice"]
    assert data["sections"][1]["table"]["rows"][0]["bytes"] == 1536


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(tmp_path):
    text = Path(report(tmp_path)["html"]).read_text()
    page = Page(text)
    assert page.open == []
    assert not page.all("script")
    assert not page.all("link")
    assert "http://" not in text
    assert "https://" not in text
    assert page.all("html")[0]["lang"] == "en"
    assert any(meta.get("name") == "viewport" for meta in page.all("meta"))


def test_names_from_a_database_are_shown_and_never_obeyed(tmp_path):
    page = Page(Path(report(tmp_path)["html"]).read_text())
    assert page.text.count(HOSTILE) >= 4


def test_a_reader_without_eyes_hears_everything(tmp_path):
    page = Page(Path(report(tmp_path)["html"]).read_text())
    assert [cell["scope"] for cell in page.all("th")] == ["col"] * 3 + ["row"] * 2
    assert len(page.all("caption")) == len(page.all("table")) == 2
    drawing = page.all("svg")[0]
    described = {attributes["id"] for tag, attributes in page.tags if tag in ("title", "desc") and "id" in attributes}
    assert set((drawing["aria-labelledby"] or "").split()) == described
    assert "public.orders: before 40,000, after 0." in page.text


def test_values_are_shown_as_people_read_them(tmp_path):
    text = Page(Path(report(tmp_path)["html"]).read_text()).text
    assert "2026-11-28 20:30:00 UTC (2026-11-29 02:00:00 IST)" in text
    assert "1.5 KiB" in text
    assert "Sessions ended: none" in text


def test_a_bar_is_as_long_as_its_value_and_a_small_one_is_seen(tmp_path):
    bars = [
        float((bar["width"] or "").rstrip("%")) for bar in Page(Path(report(tmp_path)["html"]).read_text()).all("rect")
    ]
    longest, none, small, smaller = bars
    assert none == 0
    assert 0 < smaller <= small < longest <= 100


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"directory": "/no/such/folder"}, "There is no folder"),
        ({"sections": [{"title": "x", "chart": {"title": "c", "series": [], "rows": []}}]}, "one to four series"),
        (
            {
                "sections": [
                    {"title": "x", "chart": {"title": "c", "series": ["a"], "rows": [{"label": "l", "values": []}]}}
                ]
            },
            "1 values for l",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(tmp_path, change, words):
    result = report(tmp_path, **change)
    assert result["stop"] == "bad_input"
    assert words in result["msg"]
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_leaves_the_old_report_and_can_be_resumed(tmp_path, monkeypatch):
    before = Path(report(tmp_path)["html"]).read_text()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    result = report(tmp_path, title="Another title")
    assert result["stop"] == "resumable"
    assert "No space left" in result["msg"]
    assert Path(tmp_path / "report.html").read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]
