"""The built-in traffic: a steady stream of orders, and a file of those that were acknowledged."""

from __future__ import annotations

import asyncio
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hasivu_play.sandbox.application.errors import RequestError
from hasivu_play.sandbox.application.fleet import WEB
from hasivu_play.sandbox.application.orders import Order
from hasivu_play.sandbox.application.shop import Shop
from hasivu_play.sandbox.http_part import read_faults
from hasivu_play.sandbox.layout import write_private

MOST_PER_SECOND = 200
IDLE_SECONDS = 0.5
SETTING = "traffic_per_second"
CHILDREN = "SELECT school_id, id FROM students WHERE active ORDER BY id LIMIT 500"
ITEMS = "SELECT id FROM menu_items ORDER BY id LIMIT 100"


def set_rate(directory: Path, per_second: object) -> float:
    """Keep how many orders to place each second; none switches the traffic off."""
    if (
        isinstance(per_second, bool)
        or not isinstance(per_second, int | float)
        or not 0 <= per_second <= MOST_PER_SECOND
    ):
        raise RequestError(400, f"per_second must be a number from 0 to {MOST_PER_SECOND}.")
    faults = {name: value for name, value in read_faults(directory).items() if name != SETTING}
    write_private(directory / "faults.json", json.dumps({**faults, SETTING: per_second} if per_second else faults))
    return float(per_second)


class Traffic:
    """Places random orders while the faults file says how many."""

    def __init__(self, shop: Shop, directory: Path) -> None:
        """Keep the shop to order from; nothing is ordered yet."""
        self._shop = shop
        self._directory = directory
        self._choices: tuple[list[tuple[int, int]], list[int]] | None = None
        self._attempts: set[asyncio.Task[None]] = set()
        self.attempted = self.ok = self.failed = 0
        self.last_failure: dict[str, str] | None = None

    def stats(self) -> dict[str, Any]:
        """Return the rate now, and how many orders were tried, acknowledged and failed since the start."""
        counts = {"attempted": self.attempted, "ok": self.ok, "failed": self.failed}
        return {"per_second": self.rate(), **counts, "last_failure": self.last_failure}

    def rate(self) -> float:
        """Return how many orders to place each second."""
        setting = read_faults(self._directory).get(SETTING)
        return min(float(setting), MOST_PER_SECOND) if isinstance(setting, int | float) else 0.0

    async def run(self) -> None:
        """Start an order at each beat; a slow one delays no other."""
        beat = asyncio.get_running_loop().time
        due = beat()
        while True:
            rate = self.rate()
            due = max(due, beat() - 1) + (1 / rate if rate else IDLE_SECONDS)
            if rate:
                self._begin()
            await asyncio.sleep(max(0, due - beat()))

    def _begin(self) -> None:
        """Try one order in a task of its own."""
        self.attempted += 1
        attempt = asyncio.create_task(self._attempt())
        self._attempts.add(attempt)
        attempt.add_done_callback(self._attempts.discard)

    async def _attempt(self) -> None:
        """Place a random order, and keep its number once it is acknowledged."""
        try:
            number = await self._shop.place_order(await self._choose(), None)
        except RequestError as error:
            self.failed += 1
            self.last_failure = {"at": now(), "error": str(error)}
        else:
            self.ok += 1
            self._acknowledge(number)

    async def _choose(self) -> Order:
        """Return an order of some child for some item."""
        if self._choices is None:
            self._choices = await self._load_choices()
        children, items = self._choices
        school, student = secrets.choice(children)
        return Order(school, student, secrets.choice(items), 1 + secrets.randbelow(3))

    async def _load_choices(self) -> tuple[list[tuple[int, int]], list[int]]:
        """Return some children with their schools, and some menu items."""
        async with self._shop.connection(WEB) as connection:
            children: Any = await (await connection.execute(CHILDREN)).fetchall()
            items: Any = await (await connection.execute(ITEMS)).fetchall()
        if not children or not items:
            raise RequestError(503, "There are no students or no menu items to order for.")
        return children, [identity for (identity,) in items]

    def _acknowledge(self, number: int) -> None:
        """Append an acknowledged order to the file that later comparisons read."""
        with (self._directory / "acknowledged_orders.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": now(), "id": number}) + "\n")


def now() -> str:
    """Return the present time with microseconds in UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
