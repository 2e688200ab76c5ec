"""A module gives the same result in Ansible's worker and the ordinary way, and leaves nothing for the next step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]

CONFIGURATION = f"""[defaults]
collections_path = {{folder}}/collections:{ROOT / "collections"}
callback_plugins = {{folder}}/callbacks
callbacks_enabled = warm
stdout_callback = ansible.posix.json
roles_path = {{folder}}/roles
localhost_warning = false
"""

ROUTES = """---
requires_ansible: ">=2.19.0"
plugin_routing:
  modules:
    remember: {action_plugin: hasivu.ops.in_worker}
"""

# It does what a well-behaved module must not do, so that a leak would be seen.
MODULE = '''
"""Leave traces in the process, and tell which ones are there already."""

import os
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

SEEN = []


def main():
    module = AnsibleModule(
        argument_spec={
            "word": {"type": "str", "default": ""},
            "number": {"type": "int", "default": 3},
            "password": {"type": "str", "no_log": True},
            "way": {"type": "str", "choices": ["well", "fail", "crash"], "default": "well"},
            "write": {"type": "path"},
        },
        supports_check_mode=True,
    )
    SEEN.append(module.params["word"])
    left = os.environ.get("TRIAL_LEFT")
    os.environ["TRIAL_LEFT"] = module.params["word"]
    if module.params["write"]:
        Path(module.params["write"]).write_text("the operator asked for it")
    if module.params["way"] == "crash":
        raise ValueError("the menu is empty")
    if module.params["way"] == "fail":
        module.fail_json(msg="There is no menu.", stop="finding", missing=["menu"])
    module.exit_json(
        changed=not module.check_mode,
        seen=SEEN,
        left=left,
        given=os.environ.get("TRIAL_GIVEN"),
        process=os.getpid(),
        called_as=__name__,
        check=module.check_mode,
        diff={"before": "old\\n", "after": "new\\n"},
        echo=f"{module.params['word']} {module.params['password']}",
        number=module.params["number"],
    )


if __name__ == "__main__":
    main()
'''

# What the callback `preload` of the project does for its own modules.
WARM = '''
"""Load the module in the parent, before workers are forked."""

import importlib

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "warm"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task, is_conditional):
        importlib.import_module("ansible_collections.trial.worker.plugins.modules.remember")
'''

# A module's own process and time, and what Ansible adds for each way of calling it.
INCIDENTAL = {"process", "called_as", "exception", "rc", "module_stderr", "module_stdout", "ansible_facts", "warnings"}

NOT_IN_WORKER = ("-e", '{"modules_in_worker": false}')


@dataclass(frozen=True)
class Project:
    """A folder with one collection of one module."""

    folder: Path

    def play(self, tasks: list[dict[str, Any]], *arguments: str) -> dict[str, dict[str, Any]]:
        """Run tasks on localhost and return the result of each by its name."""
        playbook = self.folder / "trial.yml"
        play = {"name": "Trial", "hosts": "localhost", "gather_facts": False, "tasks": tasks}
        playbook.write_text(yaml.safe_dump([play]))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        done = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), playbook, "-i", "localhost,", "--diff", *arguments],
            env={**kept, "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"), "TMPDIR": str(self.folder)},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stdout.startswith("{"), done.stdout + done.stderr
        (played,) = json.loads(done.stdout)["plays"]
        return {task["task"]["name"]: task["hosts"]["localhost"] for task in played["tasks"]}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    role = yaml.safe_dump([step("Release in a role")])
    for name, content in {
        "ansible.cfg": CONFIGURATION.format(folder=tmp_path),
        "callbacks/warm.py": WARM,
        "roles/release/tasks/main.yml": role,
        "collections/ansible_collections/trial/worker/meta/runtime.yml": ROUTES,
        "collections/ansible_collections/trial/worker/plugins/modules/remember.py": MODULE,
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return Project(tmp_path)


def step(name: str, *, task: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """Return a task that calls the module, with keywords of the task beside its options."""
    python = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", "ansible_connection": "local"}
    return {"name": name, "trial.worker.remember": {"word": name, **options}, "vars": python, **(task or {})}


def without_incidentals(results: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return results without what is not the module's own answer."""
    return {name: {key: value for key, value in result.items() if key not in INCIDENTAL}
            for name, result in results.items()}  # fmt: skip


@pytest.mark.parametrize("arguments", [(), ("--check",)], ids=["apply", "check"])
def test_a_module_gives_the_same_result_both_ways(project: Project, arguments: tuple[str, ...]) -> None:
    went_on = {"ignore_errors": True}
    tasks = [
        step("Go well", number="7", password="sesame-open-42"),
        step("Fail with a class", way="fail", task=went_on),
        step("Take a wrong option", number="seven", task=went_on),
        step("Take an unknown option", menu="none", task=went_on),
        step("Go on", task={"environment": {"TRIAL_GIVEN": "lunch"}}),
    ]
    here = without_incidentals(project.play(tasks, *arguments))
    there = without_incidentals(project.play(tasks, *arguments, *NOT_IN_WORKER))
    assert here == there
    assert here["Go well"]["number"] == 7
    assert here["Go well"]["check"] is bool(arguments)
    assert here["Go well"]["diff"] == {"before": "old\n", "after": "new\n"}
    assert "sesame-open-42" not in str(here)
    assert here["Fail with a class"]["stop"] == "finding"
    assert "seven" in here["Take a wrong option"]["msg"]
    assert "menu" in here["Take an unknown option"]["msg"]
    assert here["Go on"]["given"] == "lunch"


def test_a_module_that_crashes_fails_both_ways_and_the_play_goes_on(project: Project) -> None:
    tasks = [step("Crash", way="crash", task={"ignore_errors": True}), step("Go on")]
    for arguments in ((), NOT_IN_WORKER):
        results = project.play(tasks, *arguments)
        assert results["Crash"]["failed"]
        assert "the menu is empty" in str(results["Crash"])
        assert results["Go on"]["seen"] == ["Go on"]


def test_a_step_sees_nothing_of_the_step_before(project: Project) -> None:
    given = {"environment": {"TRIAL_GIVEN": "lunch"}}
    results = project.play([step("First", task=given), step("Second"), step("Third")])
    assert [result["seen"] for result in results.values()] == [["First"], ["Second"], ["Third"]]
    assert [result["left"] for result in results.values()] == [None, None, None]
    assert [result["given"] for result in results.values()] == ["lunch", None, None]
    assert len({result["process"] for result in results.values()}) == 3


def test_items_of_a_loop_share_a_worker_and_nothing_else_does(project: Project) -> None:
    results = project.play([step("Loop", task={"loop": [1, 2]}), step("After")])
    assert len({item["process"] for item in results["Loop"]["results"]}) == 1
    assert results["After"]["seen"] == ["After"]


def test_modules_run_in_the_worker_and_not_in_a_python_of_their_own(project: Project) -> None:
    result = project.play([step("First")])["First"]
    assert result["called_as"] == "ansible_collections.trial.worker.plugins.modules.remember"


@pytest.mark.parametrize("arguments", [NOT_IN_WORKER, ("-e", "modules_in_worker=false")], ids=["boolean", "text"])
def test_the_ordinary_way_can_be_asked_for(project: Project, arguments: tuple[str, ...]) -> None:
    assert project.play([step("First")], *arguments)["First"]["called_as"] == "__main__"


def test_a_stop_file_ends_the_work_and_not_what_ends_a_run(project: Project) -> None:
    stop_file = project.folder / "stop"
    tasks = [
        {
            "name": "Work and clean up",
            "block": [step("Ask for a stop", write=str(stop_file)), step("Do the next thing")],
            "rescue": [step("Rescue")],
            "always": [step("Clean up"), {"name": "Release", "ansible.builtin.include_role": {"name": "release"}}],
        },
        step("Work after all"),
    ]
    results = project.play(tasks, "-e", json.dumps({"hasivu_run": {"stop_file": str(stop_file)}}))
    assert results["Ask for a stop"]["changed"]
    assert results["Do the next thing"]["failed"]
    assert results["Do the next thing"]["stop"] == "resumable"
    assert "the operator asked for it" in results["Do the next thing"]["msg"]
    assert "seen" not in results["Do the next thing"]
    for name in ("Rescue", "Clean up", "release : Release in a role"):
        assert results[name]["seen"] == [name.removeprefix("release : ")]
    assert results["Work after all"]["stop"] == "resumable"
