"""Names on the command line become files, or a sentence that helps."""

from pathlib import Path

import pytest

from hasivu_play.errors import UsageError
from hasivu_play.project import Project, installed_project, suggestion

PROJECT = Project(Path(__file__).parent.parent / "data" / "project")


def test_the_installed_project_holds_ansible_cfg():
    assert installed_project().configuration.is_file()


def test_a_procedure_is_a_playbook():
    assert PROJECT.procedures() == ["broken-steps", "wash-up"]
    assert PROJECT.playbook("wash-up").is_file()


def test_a_misspelt_procedure_is_corrected():
    with pytest.raises(UsageError, match=r"There is no procedure 'wash-op'\. Did you mean 'wash-up'\?"):
        PROJECT.playbook("wash-op")


def test_an_unknown_environment_names_those_there_are():
    with pytest.raises(UsageError, match=r"There is no environment 'prod'\. Choose from: broken, staging\."):
        PROJECT.inventory("prod")


@pytest.mark.parametrize("name", ["../staging", "staging/..", "", "hosts"])
def test_an_environment_is_a_folder_of_the_inventory_and_nothing_else(name):
    with pytest.raises(UsageError):
        PROJECT.inventory(name)


def test_without_anything_to_choose_from_it_says_so():
    assert suggestion("x", []) == "There is none to choose from."
