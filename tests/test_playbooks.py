"""Every playbook is a true document; no Ansible runs here."""

import re

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.inputs import validate

from hasivu_play.course_planning import check_names, main_steps
from hasivu_play.document import SECTIONS, is_block, steps
from hasivu_play.header import header_of, read_header, read_plays
from hasivu_play.project import installed_project
from hasivu_play.schedule import next_time
from hasivu_play.show import show

PROJECT = installed_project()
PROCEDURES = PROJECT.procedures()
ENDS_BY_FAILING = ("ansible.builtin.fail", "ansible.builtin.assert")


def walk(tasks):
    for task in tasks or []:
        yield task
        for section in ("block", "rescue", "always"):
            yield from walk(task.get(section) if isinstance(task, dict) else None)


def tasks_of(procedure):
    plays = read_plays(PROJECT.playbook(procedure))
    return [task for play in plays for section in SECTIONS for task in walk(play.get(section))]


def test_there_are_procedures():
    assert PROCEDURES


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_the_header_is_complete_and_its_id_is_the_file_name(procedure):
    assert read_header(PROJECT.playbook(procedure)).id == procedure


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_every_play_and_task_has_a_name(procedure):
    plays = read_plays(PROJECT.playbook(procedure))
    assert all(item.get("name") for item in [*plays, *tasks_of(procedure)])


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_the_evidence_of_every_control_is_a_step(procedure):
    header = read_header(PROJECT.playbook(procedure))
    names = {task["name"] for task in tasks_of(procedure)}
    assert {control["evidence"] for control in header.controls} <= names


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_every_rescue_ends_by_failing(procedure):
    for task in tasks_of(procedure):
        if is_block(task) and task.get("rescue"):
            assert any(action in task["rescue"][-1] for action in ENDS_BY_FAILING), task["name"]


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_the_header_holds_no_template(procedure):
    header = header_of(read_plays(PROJECT.playbook(procedure)), f"{procedure}.yml")
    assert "{{" not in str(header)


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_schedule_and_defaults_are_valid(procedure):
    header = read_header(PROJECT.playbook(procedure))
    assert header.schedule.get("on_demand") or next_time(header.schedule)
    optional = {name: option for name, option in header.inputs.items() if not option.get("required")}
    assert set(validate(optional, {})) == set(optional)


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_every_step_is_in_the_document(procedure):
    document = re.sub(r"\s+", " ", show(PROJECT, procedure, "text"))
    missing = [task["name"] for task in tasks_of(procedure) if re.sub(r"\s+", " ", task["name"]) not in document]
    assert not missing


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_phases_and_point_of_no_return_are_steps_in_their_order(procedure):
    plays = read_plays(PROJECT.playbook(procedure))
    check_names(read_header(PROJECT.playbook(procedure)), main_steps(list(steps(plays))), procedure)
