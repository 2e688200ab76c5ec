"""Claim: rehearsing every procedure costs at most a quarter of bare ansible-playbook --check, one after another."""

from __future__ import annotations

import json
import os

from benchmarks.clock import alternate
from benchmarks.figure import Figure, compare
from benchmarks.miniature import Miniature, miniature
from benchmarks.programs import BenchmarkError
from hasivu_play.project import installed_project
from hasivu_play.rehearse import rehearsal_inputs
from hasivu_play.trust import read_checked_header

AIM = 0.25


def measure(rounds: int) -> list[Figure]:
    """Compare the two ways over all procedures; the sandbox is full of findings, so that either may end with 1."""
    with miniature() as world:
        ways = {
            "hasivu-play rehearse": lambda: world.play("rehearse", "--allow-findings"),
            "ansible-playbook --check": lambda: one_after_another(world),
        }
        together, apart = alternate(ways, rounds).values()
    what = f"hasivu-play rehearse, on {os.cpu_count()} CPUs, against ansible-playbook --check, one after another"
    return [compare(what, together, apart, aim=AIM)]


def one_after_another(world: Miniature) -> None:
    """Rehearse each procedure by itself, with the inputs of its header."""
    project = installed_project()
    for procedure in project.procedures():
        playbook = project.playbook(procedure)
        inputs = json.dumps(rehearsal_inputs(read_checked_header(playbook)))
        try:
            world.ansible_playbook(playbook, "--check", "-e", inputs)
        except BenchmarkError as error:
            if "ended with 2," not in str(error):
                raise
