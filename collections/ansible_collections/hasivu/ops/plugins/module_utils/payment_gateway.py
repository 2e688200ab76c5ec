# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Razorpay as a merchant reads it: payments of a time, page by page (https://razorpay.com/docs/api/payments/fetch-all)."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode

from ansible.module_utils.urls import open_url

PAGE = 100
MOST_PAGES = 1000
SECONDS = 20
ATTEMPTS = 4
PAUSE_SECONDS = 0.5
TOO_MANY = 429
NOT_GIVEN = 400
BROKEN = 500


class GatewayError(Exception):
    """Raised when the gateway does not tell; the text holds no key."""


@dataclass(frozen=True)
class Gateway:
    """The address of the API, and the key as `key_id:key_secret`, which no text shows."""

    url: str
    key: str

    def __repr__(self) -> str:
        """Name the address only."""
        return f"Gateway({self.url})"

    def payments(self, begin: int, end: int) -> list[dict[str, Any]]:
        """Return the payments of a closed time, each once, oldest first.

        Raises:
            GatewayError: A page is missing, so that nothing is known of the rest.
        """
        found: dict[str, dict[str, Any]] = {}
        for page in range(MOST_PAGES):
            asked = urlencode({"from": begin, "to": end, "count": PAGE, "skip": page * PAGE})
            items = self.read(f"/v1/payments?{asked}").get("items")
            if not isinstance(items, list):
                raise GatewayError("Razorpay answered a page of payments without items.")
            found |= {item["id"]: item for item in items}
            if len(items) < PAGE:
                return sorted(found.values(), key=lambda item: (item["created_at"], item["id"]))
        raise GatewayError(f"Razorpay has more than {MOST_PAGES * PAGE} payments of this time. Ask for less at once.")

    def payment(self, identity: str) -> dict[str, Any] | None:
        """Return one payment, or nothing where the gateway says that it has none of this id.

        Raises:
            GatewayError: It does not tell.
        """
        try:
            return self.read(f"/v1/payments/{quote(identity, safe='')}")
        except GatewayError as error:
            if isinstance(error.__cause__, HTTPError) and error.__cause__.code == NOT_GIVEN:
                return None
            raise

    def read(self, path: str) -> dict[str, Any]:
        """Return one answer; what passes by itself is tried again.

        Raises:
            GatewayError: It did not pass.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self.read_once(path)
            except (HTTPError, URLError, OSError, ValueError) as error:
                passing = not isinstance(error, HTTPError) or error.code == TOO_MANY or error.code >= BROKEN
                if not passing or attempt == ATTEMPTS:
                    raise GatewayError(f"Razorpay at {self.url} does not tell: {error}.") from error
                time.sleep(PAUSE_SECONDS * 2**attempt)
        raise AssertionError("the last attempt raises")

    def read_once(self, path: str) -> dict[str, Any]:
        """Return one answer of the API."""
        key_id, _, key_secret = self.key.partition(":")
        answer = open_url(
            self.url.rstrip("/") + path,
            timeout=SECONDS,
            url_username=key_id,
            url_password=key_secret,
            force_basic_auth=True,
            http_agent="hasivu-ops",
            follow_redirects="none",
        )
        content: dict[str, Any] = json.loads(answer.read())
        return content
