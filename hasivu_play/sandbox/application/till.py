"""The till: what families pay is known to the payment gateway, at the latest once it can be reached again."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import string
from dataclasses import asdict, dataclass
from pathlib import Path

from aiohttp import BasicAuth, ClientError, ClientSession, ClientTimeout

from hasivu_play.sandbox.http_part import layout_of
from hasivu_play.sandbox.layout import write_private

LETTERS = string.ascii_letters + string.digits
CHECKOUT = "/_checkout"
MOST_AT_ONCE = 500
LOOK_SECONDS = 1.0
TELL_SECONDS = 5
USER_AGENT = "hasivu-application"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Payment:
    """A captured payment: the gateway's id, the amount in paise, the second, and what the order was."""

    id: str
    amount: int
    created_at: int
    notes: dict[str, int]


def new_payment_id() -> str:
    """Return an id in the form of Razorpay, which no other payment has, not even one of an order that was lost."""
    return "pay_" + "".join(secrets.choice(LETTERS) for _ in range(14))


class Till:
    """Payments in the order in which they were captured, in a file, and how far the gateway has been told of them."""

    def __init__(self, directory: Path) -> None:
        """Go on where an earlier process ended."""
        self._layout = layout_of(directory)
        self._taken = directory / "payments.jsonl"
        self._told = directory / "payments_told"
        self._news = asyncio.Event()
        self._problem = ""

    def take(self, payment: Payment) -> None:
        """Keep a payment; the order does not wait for the gateway."""
        with self._taken.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(payment)) + "\n")
        self._news.set()

    async def run(self) -> None:
        """Tell the gateway of each payment; while it is down, try again each second."""
        while True:
            try:
                more = await self._tell_some()
                self._problem = ""
            except (ClientError, TimeoutError, OSError, KeyError) as error:
                more = False
                self._complain(type(error).__name__)
            if not more:
                await self._wait()

    async def _wait(self) -> None:
        """Wait for a payment, or until it is time to look again."""
        self._news.clear()
        if self._problem:
            await asyncio.sleep(LOOK_SECONDS)
            return
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._news.wait()
        except TimeoutError:
            return

    async def _tell_some(self) -> bool:
        """Tell the gateway of the next payments, and say whether there were any; telling twice changes nothing."""
        lines, end = self._next()
        if not lines:
            return False
        address = self._layout.endpoints()["companions"]["razorpay_url"]
        key_id, _, key_secret = self._layout.read_credential("razorpay_key").partition(":")
        timeout, headers = ClientTimeout(total=TELL_SECONDS), {"User-Agent": USER_AGENT}
        async with (
            ClientSession(auth=BasicAuth(key_id, key_secret), timeout=timeout, headers=headers) as session,
            session.post(address + CHECKOUT, json={"payments": [json.loads(line) for line in lines]}) as response,
        ):
            response.raise_for_status()
        write_private(self._told, str(end))
        return True

    def _next(self) -> tuple[list[bytes], int]:
        """Return the next whole lines that the gateway does not know, and where they end."""
        try:
            begin = int(self._told.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            begin = 0
        if not self._taken.exists():
            return [], begin
        with self._taken.open("rb") as file:
            file.seek(begin)
            lines: list[bytes] = []
            while len(lines) < MOST_AT_ONCE and (line := file.readline()).endswith(b"\n"):
                lines.append(line)
        return lines, begin + sum(map(len, lines))

    def _complain(self, problem: str) -> None:
        """Log why the gateway cannot be told, once for each problem and not each second."""
        if problem != self._problem:
            logger.warning("The gateway cannot be told of payments now: %s", problem)
        self._problem = problem
