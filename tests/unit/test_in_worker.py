"""The action that runs our modules decides rightly what it may run, and hands a module's answer on untouched."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType

import pytest
from ansible_collections.hasivu.ops.plugins.action import in_worker

PACKAGE = "ansible_collections.trial.unit.plugins.modules"


@dataclass(eq=False)
class Node:
    """A task or a block as Ansible keeps it: with an id, with what holds it, and a block with its three parts."""

    name: str
    block: list[Node] = field(default_factory=list)
    rescue: list[Node] = field(default_factory=list)
    always: list[Node] = field(default_factory=list)
    _parent: Node | None = None

    @property
    def _uuid(self) -> str:
        return self.name

    def adopted(self) -> Iterator[Node]:
        """Tell every node what holds it, and give those that hold nothing."""
        children = [*self.block, *self.rescue, *self.always]
        for child in children:
            child._parent = self
            yield from child.adopted()
        if not children:
            yield self


PLAY = Node(
    "Outer",
    block=[
        Node("work"),
        Node("Inner", block=[Node("inner work")], rescue=[Node("inner rescue")], always=[Node("inner always")]),
    ],
    rescue=[Node("Deep", block=[Node("work inside rescue")])],
    always=[Node("always")],
)


@pytest.fixture(scope="module")
def tasks() -> dict[str, Node]:
    return {task.name: task for task in PLAY.adopted()}


@pytest.mark.parametrize("name", ["inner rescue", "inner always", "work inside rescue", "always"])
def test_steps_that_end_a_run_are_told_from_others(tasks: dict[str, Node], name: str) -> None:
    assert in_worker.is_closing(tasks[name])


@pytest.mark.parametrize("name", ["work", "inner work"])
def test_steps_that_do_the_work_do_not_end_a_run(tasks: dict[str, Node], name: str) -> None:
    assert not in_worker.is_closing(tasks[name])


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Put a module where Ansible's collections are, without a file."""
    made = ModuleType(f"{PACKAGE}.speak")
    for name in ("ansible_collections.trial", "ansible_collections.trial.unit"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for name in (f"{PACKAGE.removesuffix('.modules')}", PACKAGE):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def test_the_answer_of_a_module_is_what_it_printed(
    module: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def main() -> None:
        from ansible.module_utils.basic import AnsibleModule

        options = AnsibleModule(argument_spec={"word": {"type": "str", "required": True}})
        options.exit_json(changed=True, word=options.params["word"])

    monkeypatch.setattr(module, "main", main, raising=False)
    answer = json.loads(in_worker.call_main("trial.unit.speak", {"word": "menu"}))
    assert (answer["word"], answer["changed"]) == ("menu", True)
    assert capsys.readouterr().out == ""


def test_an_error_of_a_module_reaches_ansible(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def main() -> None:
        raise ValueError("no menu")

    monkeypatch.setattr(module, "main", main, raising=False)
    with pytest.raises(ValueError, match="no menu"):
        in_worker.call_main("trial.unit.speak", {})
