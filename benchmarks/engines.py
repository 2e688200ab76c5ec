"""Claim: running our modules in Ansible's worker is the fastest way for a short and for a long procedure."""

from __future__ import annotations

from functools import partial

from benchmarks import engine, trial_playbook
from benchmarks.clock import Series, alternate
from benchmarks.engine import Engine
from benchmarks.figure import Figure, compare
from benchmarks.miniature import WEEKLY_DB, Miniature, miniature
from benchmarks.wear import wear


def measure(rounds: int) -> list[Figure]:
    """Run the whole of weekly-db and a procedure of four steps each way."""
    ours = engine.in_worker()
    others = [engine.ordinary(), engine.mitogen(), engine.every_module_in_worker()]
    with miniature() as world:
        world.play("run", "weekly-db")
        long = alternate({way.name: partial(way.run, world, WEEKLY_DB) for way in [ours, *others]}, rounds,
                         prepare=lambda: wear(world))  # fmt: skip
        short = four_steps(world, rounds, [ours, *others])
    return [*against(ours, "weekly-db", long), *against(ours, "Four steps", short)]


def four_steps(world: Miniature, rounds: int, ways: list[Engine]) -> Series:
    """Time the short procedure with our modules, and with those of the shelf, each way."""
    playbooks = {
        "": trial_playbook.write(world.home / "four-ours.yml", trial_playbook.four_steps(trial_playbook.OURS)),
        ", shelf modules": trial_playbook.write(
            world.home / "four-shelf.yml", trial_playbook.four_steps(trial_playbook.SHELF)
        ),
    }
    runs = {
        way.name + suffix: partial(way.run, world, playbook)
        for suffix, playbook in playbooks.items()
        for way in ways
        if not (suffix and way.name == ways[0].name)
    }
    return alternate(runs, rounds)


def against(ours: Engine, what: str, series: Series) -> list[Figure]:
    """Make a figure of ours against each of the others."""
    return [
        compare(f"{what}, our modules {ours.name} against {name}", series[ours.name], times)
        for name, times in series.items()
        if name != ours.name
    ]
