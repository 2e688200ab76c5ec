"""The ways to run modules that are compared, as settings of one and the same Ansible."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.miniature import Miniature
from benchmarks.programs import BenchmarkError

NO_PRELOADING = {"ANSIBLE_CALLBACKS_ENABLED": "hasivu.ops.record"}
NOT_IN_WORKER = ("-e", '{"modules_in_worker": false}')


@dataclass(frozen=True)
class Engine:
    """A name, and what has to be said to Ansible."""

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()

    def run(self, world: Miniature, playbook: Path) -> None:
        """Run a playbook this way."""
        world.ansible_playbook(playbook, *self.arguments, **self.settings)


def in_worker() -> Engine:
    """Return the way of this project: our modules in Ansible's worker, shelf modules as Ansible runs them."""
    return Engine("in the worker")


def ordinary() -> Engine:
    """Return Ansible's own way: each module packed, and started in a Python of its own."""
    return Engine("the ordinary way", NO_PRELOADING, NOT_IN_WORKER)


def mitogen() -> Engine:
    """Return the strategy plugin of Mitogen, which keeps a Python alive and forks it for each module."""
    found = importlib.util.find_spec("ansible_mitogen")
    if not found or not found.submodule_search_locations:
        raise BenchmarkError("Mitogen is not installed. Run `pip install 'hasivu-play[benchmark]'`, then try again.")
    folder = Path(found.submodule_search_locations[0]) / "plugins" / "strategy"
    chosen = {"ANSIBLE_STRATEGY": "mitogen_linear", "ANSIBLE_STRATEGY_PLUGINS": str(folder)}
    return Engine("Mitogen", {**NO_PRELOADING, **chosen}, NOT_IN_WORKER)


def every_module_in_worker() -> Engine:
    """Return a way that is measured and not shipped: any module at all in Ansible's worker."""
    plugins = str(Path(__file__).parent / "plugins" / "callback")
    enabled = "hasivu.ops.record, every_module_in_worker"
    settings = {"ANSIBLE_CALLBACK_PLUGINS": plugins, "ANSIBLE_CALLBACKS_ENABLED": enabled}
    return Engine("every module in the worker", settings, NOT_IN_WORKER)
