"""The command that follows the manual, with the procedures that there are and with revisions that never were."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hasivu_play.cli import main
from hasivu_play.manual import load_register
from hasivu_play.manual_revision import PROSE
from hasivu_play.project import Project, installed_project

TINY = Project(Path(__file__).parent / "data" / "project")
VACUUM = "weekly-maintenance/database-maintenance/run-database-vacuum-and-analyze"


@pytest.fixture
def play(tmp_path, monkeypatch):
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path / "home"))

    def invoke(*arguments, project=None):
        return CliRunner().invoke(main, ["coverage", *arguments], obj=project or installed_project())

    return invoke


@pytest.fixture
def revision(tmp_path):
    """Return a function that writes the manual as the register holds it, with some words replaced."""

    def write(*edits):
        manual, text = load_register(), "# HASIVU Platform - Operations Manual\n**Document Version**: 1.1\n"
        for section in manual.sections:
            text += f"{'#' * (len(section.titles) + 1)} {section.titles[-1]}\n"
            lines = ["\n".join(block.lines) for block in manual.blocks if block.section == section.key]
            text += "```bash\n" + "\n\n".join(lines) + "\n```\n" if lines else ""
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "manual.md"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def blocks_of(shown):
    """Return the changes of commands; the prose, of which the register keeps only a digest, is not in the revision."""
    return [change for change in shown["changes"] if not any(line.startswith(PROSE) for line in change["before"])]


def test_the_page_quotes_the_manual_and_names_the_steps(play):
    shown = play()
    assert shown.exit_code == 0
    page = shown.stdout
    assert 'psql -h $DB_HOST -U hasivu_admin -d hasivu_production -c "VACUUM ANALYZE;"' in page
    assert "- Vacuum, freeze and analyse the tables in need, most urgent first" in page
    number = as_json(play)["summary"]
    assert page.splitlines()[-1].startswith(f"{number['covered']} of {number['blocks']} blocks have steps, ")


def as_json(play):
    return json.loads(play("--json").stdout)


def test_json_counts_what_it_lists(play):
    shown = as_json(play)
    assert shown["problems"] == []
    assert shown["summary"]["covered"] == sum(bool(block["covered_by"]) for block in shown["blocks"])
    assert shown["summary"]["not_yet"] == sum(block["planned"] is not None for block in shown["blocks"])


def test_a_project_that_answers_for_nothing_ends_with_a_finding(play):
    shown = play("--json", project=TINY)
    assert shown.exit_code == 1
    assert "The coverage of the manual is wrong at" in shown.stderr
    where = {problem["where"] for problem in json.loads(shown.stdout)["problems"]}
    assert {"wash-up", VACUUM} <= where


def test_a_revision_tells_which_procedures_it_touches(play, revision):
    shown = play("--manual", revision(('"VACUUM ANALYZE;"', '"VACUUM FULL;"')), "--json")
    (change,) = blocks_of(json.loads(shown.stdout))
    assert (change["kind"], change["key"], change["procedures"]) == ("changed", VACUUM, ["weekly-db"])
    assert shown.exit_code == 1
    assert "The revision differs at" in shown.stderr


def test_a_revision_reads_as_a_page(play, revision):
    page = play("--manual", revision(('"VACUUM ANALYZE;"', '"VACUUM FULL;"'))).stdout
    assert "version 1.0 against version 1.1" in page
    assert '-c "VACUUM ANALYZE;"' in page
    assert "    + psql" in page
    assert "    the prose below it is another one" in page
    assert "  touches weekly-db" in page


def test_commands_that_did_not_change_are_not_told(play, revision):
    assert blocks_of(json.loads(play("--manual", revision(), "--json").stdout)) == []


def test_a_register_of_a_revision_is_written_and_differs_from_it_nowhere(play, revision, tmp_path):
    path = revision(("KEYS", "SCAN"))
    play("--manual", path, "--register", str(tmp_path / "register.json"))
    kept = load_register(tmp_path / "register.json")
    assert kept.version == "1.1"
    assert "SCAN" in kept.block_of["weekly-maintenance/redis-maintenance/clean-up-expired-keys"].lines[1]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--register", "out.json"], "--register writes what --manual reads"),
        (["--manual", "nowhere.md"], "nowhere.md"),
        (["--manual", __file__], "holds no command block"),
    ],
)
def test_bad_input_ends_with_2(play, arguments, complaint):
    shown = play(*arguments)
    assert shown.exit_code == 2
    assert complaint in shown.stderr
