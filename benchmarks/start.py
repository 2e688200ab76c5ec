"""Claim: help is there at once, because nothing of Ansible, boto3, kubernetes or psycopg is loaded for it."""

from __future__ import annotations

from benchmarks.clock import alternate
from benchmarks.figure import Figure, compare
from benchmarks.programs import PROGRAMS, run

AIM = 0.2


def measure(rounds: int) -> list[Figure]:
    """Compare `hasivu-play --help` with `ansible-playbook --version`."""
    series = alternate(
        {
            "hasivu-play --help": lambda: run(PROGRAMS / "hasivu-play", "--help"),
            "ansible-playbook --version": lambda: run(PROGRAMS / "ansible-playbook", "--version"),
        },
        rounds,
    )
    ours, other = series.values()
    return [compare("hasivu-play --help against ansible-playbook --version", ours, other, aim=AIM)]
