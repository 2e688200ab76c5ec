"""Serves ministack, mended and seeded, behind the gateway."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app
from ministack.core import hypercorn_compat

from hasivu_play.sandbox.aws import environment, mends, seed, state
from hasivu_play.sandbox.aws.cache_server import CacheServer
from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.gateway import Gateway
from hasivu_play.sandbox.aws.mends import event_sources, functions
from hasivu_play.sandbox.aws.mends.auth_token import AuthTokens
from hasivu_play.sandbox.aws.postgresql import Server
from hasivu_play.sandbox.aws.rds.api import Rds
from hasivu_play.sandbox.aws.telemetry import Telemetry
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.request_log import RequestLog


async def run(directory: Path, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    hypercorn_compat.install()
    layout, faults = Layout(directory.parent), Faults(directory)
    telemetry = Telemetry(Server(layout), faults)
    tokens = AuthTokens(CacheServer(layout))
    database = Rds(layout, faults, directory / "state" / "rds_instances.json")
    telemetry.lags = database.lags
    mends.apply(layout, faults, telemetry, tokens, database)

    async def start() -> None:
        await first_seed(layout, directory, database)
        functions.settle()
        event_sources.settle()
        database.start()
        tasks.append(asyncio.create_task(telemetry.keep_sampling()))
        tasks.append(asyncio.create_task(tokens.keep_applying()))

    tasks: list[asyncio.Task[None]] = []
    gateway = Gateway(app.app, RequestLog(directory / "requests.jsonl", "aws"), faults, start)
    await serve(gateway, configuration(port), shutdown_trigger=stop_event().wait)


async def first_seed(layout: Layout, directory: Path, database: Rds) -> None:
    """Seed an emulator that has never been seeded to the end; afterwards what is on disk is the truth."""
    if not environment.seeded(directory).exists():
        await seed.plant(layout, database.store)
        state.keep_all()
        environment.seeded(directory).touch(mode=0o600)


def configuration(port: int) -> Config:
    """Return hypercorn's settings: loopback only, and quick to end."""
    settings = Config()
    settings.bind = [f"{environment.HOST}:{port}"]
    settings.keep_alive_timeout = 75
    settings.graceful_timeout = 1
    settings.loglevel = "WARNING"
    return settings


def stop_event() -> asyncio.Event:
    """Return an event that a signal to end sets."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
