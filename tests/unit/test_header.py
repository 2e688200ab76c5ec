"""A header is complete and true, or the command ends with a sentence."""

import copy
from pathlib import Path

import pytest

from hasivu_play.errors import UsageError
from hasivu_play.header import check, header_of, read_header, read_plays

PLAYBOOK = Path(__file__).parent.parent / "data" / "project" / "playbooks" / "wash-up.yml"


@pytest.fixture
def runbook():
    return copy.deepcopy(read_plays(PLAYBOOK)[0]["vars"]["runbook"])


def test_a_header_is_read_from_the_first_play():
    header = read_header(PLAYBOOK)
    assert (header.id, header.risk, header.inputs["degrees"]["maximum"]) == ("wash-up", "safe", 90)


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("risk", "low", "risk: 'low' is not one of"),
        ("title", "", "title: '' "),
        ("expected_minutes", 0, "expected_minutes: 0 is less than the minimum"),
        ("abort_after_minutes", "2", "abort_after_minutes: '2' is not of type 'integer'"),
        ("schedule", {"cron": "0 2 * * 0"}, "schedule"),
        ("schedule", {"rrule": "FREQ=DAILY", "timezone": "UTC"}, "schedule"),
        ("resources", [], "resources"),
        ("owners", "me", "'owners' was unexpected"),
        ("inputs", {"db_password": {"type": "str", "description": "Secret."}}, "inputs"),
        ("inputs", {"x": {"type": "str", "description": "Secret.", "no_log": True}}, "'no_log' was unexpected"),
        ("inputs", {"x": {"type": "str", "description": "Word.", "choices": [False]}}, "inputs.x.choices.0: False"),
        ("inputs", {"x": {"type": "str", "description": "Word.", "minimum": 3}}, "inputs.x.type"),
        ("inputs", {"hasivu_run": {"type": "str", "description": "Ours."}}, "inputs"),
        ("abort_after_minutes", 0.5, "abort_after_minutes"),
        ("reversible", False, "reversible"),
        ("id", "wash", "its id is 'wash'"),
    ],
)
def test_a_wrong_header_is_refused_with_its_place(runbook, key, value, complaint):
    runbook[key] = value
    with pytest.raises(UsageError) as refused:
        check(runbook, "wash-up.yml")
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_field_is_required(runbook):
    for key in set(runbook) - {"reversible"}:
        incomplete = {name: value for name, value in runbook.items() if name != key}
        with pytest.raises(UsageError, match=f"'{key}' is a required property"):
            check(incomplete, "wash-up.yml")


def test_a_procedure_cannot_abort_before_it_is_expected_to_end(runbook):
    runbook["expected_minutes"] = 5
    with pytest.raises(UsageError, match="aborts before its expected end"):
        check(runbook, "wash-up.yml")


def test_a_read_only_procedure_locks_nothing(runbook):
    runbook["risk"] = "read"
    with pytest.raises(UsageError, match="resources"):
        check(runbook, "wash-up.yml")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("a: [", "is not valid YAML"),
        ("hosts: all", "holds no play"),
        ("", "holds no play"),
        ("- hosts: all", "has no header"),
        ("- hosts: all\n  vars: {runbook: text}", "has no header"),
    ],
)
def test_a_file_that_is_no_procedure_is_refused(tmp_path, content, complaint):
    path = tmp_path / "odd.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=complaint):
        read_header(path)


def test_tags_of_ansible_do_not_disturb(tmp_path):
    path = tmp_path / "tagged.yml"
    path.write_text("- hosts: all\n  vars: {a: !unsafe text, b: !vault [1], c: !unsafe {d: 1}}\n", encoding="utf-8")
    assert read_plays(path)[0]["vars"] == {"a": "text", "b": [1], "c": {"d": 1}}


def test_a_trusted_header_is_not_checked_again(runbook):
    runbook["risk"] = "low"
    assert header_of([{"vars": {"runbook": runbook}}], "wash-up.yml", trusted=True).risk == "low"
