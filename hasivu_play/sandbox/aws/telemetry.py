"""The CloudWatch metrics that RDS publishes for an instance, measured at the sandbox's PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch

from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION
from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.postgresql import Server
from hasivu_play.sandbox.database_servers import INSTANCE

ALLOCATED_GIBIBYTES = 20
NAMESPACE = "AWS/RDS"
MINUTE = 60
HISTORY_MINUTES = 60
FAULT_MINUTES = 15
MEASURED = "_measured"  # what a datapoint shows again once a fault is over

UNITS = {
    "FreeStorageSpace": "Bytes",
    "CPUUtilization": "Percent",
    "ReplicaLag": "Seconds",
    "DatabaseConnections": "Count",
}
OVERRIDES = {
    "FreeStorageSpace": "free_storage_bytes",
    "CPUUtilization": "cpu_percent",
    "ReplicaLag": "replica_lag_seconds",
    "DatabaseConnections": "database_connections",
}


class Telemetry:
    """Measures once a minute, and whenever someone asks CloudWatch."""

    def __init__(self, server: Server, faults: Faults) -> None:
        """Measure one server; faults stand in for what was measured."""
        self._server = server
        self.lags: Callable[[], dict[str, float]] = dict
        self._faults = faults
        self._processor = (time.monotonic(), server.processor_seconds())

    async def keep_sampling(self) -> None:
        """Measure every minute for as long as the emulator lives."""
        while True:
            self.sample()
            await asyncio.sleep(MINUTE)

    def sample(self) -> None:
        """Put the values of this minute into CloudWatch."""
        now = time.time()
        with request_scope(ACCOUNT, REGION):
            for name, value in self.measure().items():
                self._store(name, value, now - now % MINUTE)
            for replica, lag in self.lags().items():
                self._store("ReplicaLag", lag, now - now % MINUTE, replica)

    def measure(self) -> dict[str, float]:
        """Return the present value of each metric."""
        return {
            "FreeStorageSpace": float(self._server.free_bytes(ALLOCATED_GIBIBYTES * 2**30)),
            "CPUUtilization": self._processor_percent(),
            "ReplicaLag": 0.0,
            "DatabaseConnections": float(self._server.connections()),
        }

    def _processor_percent(self) -> float:
        since, before = self._processor
        now, used = time.monotonic(), self._server.processor_seconds()
        if now - since >= MINUTE / 4:
            self._processor = (now, used)
        elapsed = max(now - since, 1.0) * (os.cpu_count() or 1)
        return round(min(100.0, max(0.0, (used - before) / elapsed * 100)), 2)

    def _store(self, name: str, value: float, minute: float, instance: str = INSTANCE) -> None:
        override = self._faults.read().get(OVERRIDES[name])
        points: list[dict[str, Any]] = cloudwatch._metric_bucket((NAMESPACE, name, f"DBInstanceIdentifier={instance}"))
        newest = points[-1]["Timestamp"] if points else 0.0
        missing = (minute - MINUTE * age for age in range(HISTORY_MINUTES, 0, -1) if minute - MINUTE * age > newest)
        if instance == INSTANCE:  # it was there before the emulator
            points.extend(point(name, value, past, instance) for past in missing)
        if newest < minute:
            points.append(point(name, value, minute, instance))
        else:
            points[-1] = point(name, value, minute, instance)
        for shown in points[-FAULT_MINUTES:]:
            shown["Value"] = shown[MEASURED] if override is None else float(override)


def point(name: str, value: float, minute: float, instance: str) -> dict[str, Any]:
    """Return one datapoint as ministack keeps it."""
    dimensions = {"DBInstanceIdentifier": instance}
    return {"Timestamp": minute, "Unit": UNITS[name], "Dimensions": dimensions, "Value": value, MEASURED: value}
