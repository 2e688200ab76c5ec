"""The document of a procedure leaves no step out."""

from dataclasses import replace
from pathlib import Path

import pytest

from hasivu_play.document import steps
from hasivu_play.errors import UsageError
from hasivu_play.header import read_header, read_plays
from hasivu_play.project import Project
from hasivu_play.show import show
from hasivu_play.show_tables import facts

PROJECT = Project(Path(__file__).parent.parent / "data" / "project")


@pytest.mark.parametrize("style", ["text", "markdown"])
def test_every_sentence_of_the_playbook_is_shown(style):
    document = show(PROJECT, "wash-up", style)
    for sentence in (
        "Wash up after lunch",
        "Refuse to start with cold water",
        "Wipe the plates",
        "If a step above fails",
        "Stop, and say which step failed",
        "Whatever happens",
        "Empty the sink",
        "int 10–90",
        "briefly",
        "SOC2-A1.2",
        "Cold water.",
        "sink/kitchen",
        "IST",
    ):
        assert sentence in document


def test_guards_are_marked_and_pass_the_mark_on():
    marked = [step.text for step in steps(read_plays(PROJECT.playbook("wash-up"))) if step.guard]
    assert marked == ["Refuse to start when it is not safe", "Refuse to start with cold water"]
    assert "[guard] Refuse to start with cold water" in show(PROJECT, "wash-up", "text")


def test_sections_and_nameless_steps_are_walked_too():
    plays = [
        {
            "hosts": "all",
            "tags": "guard",
            "pre_tasks": [{"debug": None}],
            "roles": ["tidy", {"role": "clean"}],
            "handlers": [{"name": "Ring the bell"}],
        }
    ]
    walked = [(step.text, step.guard) for step in steps(plays)][1:]
    assert walked == [("(a step without a name)", True), ("tidy", True), ("clean", True), ("Ring the bell", True)]


def test_markdown_survives_a_bar_in_a_cell():
    assert "no \\| briefly" in show(PROJECT, "wash-up", "markdown")


def test_an_unknown_procedure_is_a_sentence():
    with pytest.raises(UsageError, match="Did you mean 'wash-up'"):
        show(PROJECT, "washup", "text")


def test_what_a_person_at_the_helm_is_told_is_shown():
    header = replace(
        read_header(PROJECT.playbook("wash-up")),
        phases=[{"name": "Prepare", "begins": "Look"}, {"name": "Wipe", "begins": "Wipe the plates"}],
        point_of_no_return="Wipe the plates",
        rto_clock={"from": "t0", "target": "target_s", "until": "Wipe the plates"},
    )
    shown = facts(header)
    assert shown["Phases"] == "Prepare, from: Look; Wipe, from: Wipe the plates"
    assert shown["No return"] == "Cannot be taken back: Wipe the plates"
    assert shown["RTO clock"] == "from the input t0, against the input target_s, until: Wipe the plates"
    assert "Phases" not in facts(read_header(PROJECT.playbook("wash-up")))
