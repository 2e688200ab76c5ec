"""What the collection says of itself is complete: documentation of each module, and a route for each that needs one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from support.sandbox import PROGRAMS, PROJECT

COLLECTION = PROJECT / "collections" / "ansible_collections" / "hasivu" / "ops"
MODULES = sorted(path.stem for path in (COLLECTION / "plugins" / "modules").glob("*.py"))
ACTIONS_OF_THEIR_OWN = {path.stem for path in (COLLECTION / "plugins" / "action").glob("*.py")}


@pytest.fixture(scope="module")
def documentation() -> dict[str, dict[str, dict[str, object]]]:
    """Return what ansible-doc says of every module."""
    names = [f"hasivu.ops.{name}" for name in MODULES]
    done = subprocess.run(
        [PROGRAMS / "ansible-doc", "--json", *names], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    found: dict[str, dict[str, dict[str, object]]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", MODULES)
def test_every_module_is_documented_with_examples_and_results(
    documentation: dict[str, dict[str, dict[str, object]]], name: str
) -> None:
    entry = documentation[f"hasivu.ops.{name}"]
    assert entry["doc"]["short_description"]
    assert entry["examples"]
    assert entry["return"]
    assert "check_mode" in entry["doc"]["attributes"]  # type: ignore[operator]


def test_every_module_runs_in_the_worker() -> None:
    runtime = yaml.safe_load((COLLECTION / "meta" / "runtime.yml").read_text())
    routed = runtime["plugin_routing"]["modules"]
    assert set(routed) == set(MODULES) - ACTIONS_OF_THEIR_OWN
    assert {route["action_plugin"] for route in routed.values()} == {"hasivu.ops.in_worker"}


# Options that a module must take to belong to a group, and those that it must not.
GROUPS = {
    "aws": ({"region"}, set()),
    "kubernetes": ({"kubeconfig"}, set()),
    "database": ({"user", "password", "sslmode"}, set()),
    "database_server": ({"sslmode"}, {"user"}),
}


def test_a_group_holds_every_module_that_takes_its_options_and_no_other(
    documentation: dict[str, dict[str, dict[str, object]]],
) -> None:
    groups = yaml.safe_load((COLLECTION / "meta" / "runtime.yml").read_text())["action_groups"]
    assert {name for group in groups.values() for name in group} <= set(MODULES)
    taken = {name: set(documentation[f"hasivu.ops.{name}"]["doc"].get("options", {})) for name in MODULES}  # type: ignore[call-overload]
    for group, (needs, lacks) in GROUPS.items():
        fitting = {name for name, options in taken.items() if needs <= options and not lacks & options}
        assert set(groups[group]) == fitting, group


def test_the_callbacks_that_ansible_cfg_enables_exist() -> None:
    settings = Path(PROJECT / "ansible.cfg").read_text()
    enabled = next(line for line in settings.splitlines() if line.startswith("callbacks_enabled")).split("=")[1]
    names = {name.strip().removeprefix("hasivu.ops.") for name in enabled.split(",")}
    assert names == {path.stem for path in (COLLECTION / "plugins" / "callback").glob("*.py")}
