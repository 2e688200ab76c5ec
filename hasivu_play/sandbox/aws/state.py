"""Keeps what the emulator holds on disk, so that a process that was killed comes back with it."""

from __future__ import annotations

from ministack import app
from ministack.core import persistence

MODULES = {"cloudwatch": "monitoring"}

# What a call to one service changes in others.
AFFECTED = {
    "lambda": ("logs", "sqs"),
    "sns": ("sqs",),
    "cloudwatch": ("sns", "sqs"),
    "logs": ("cloudwatch",),
}


def keep(service: str) -> None:
    """Save the state of a service and of those that it affects, before the client hears of success."""
    for changed in (service, *AFFECTED.get(service, ())):
        save(changed)


def save(service: str) -> None:
    """Save the state of one service, if it was ever used."""
    configuration = app.SERVICE_REGISTRY[MODULES.get(service, service)]
    module = app._loaded_modules.get(configuration["module"])
    if module is not None:
        persistence.save_state(configuration.get("state_key", configuration["module"]), module.get_state())


def keep_all() -> None:
    """Save the state of every service that is in use."""
    persistence.save_all(app._build_persistence_save_dict())
