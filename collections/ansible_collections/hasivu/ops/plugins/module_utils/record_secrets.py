# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep secrets out of a record: known values, passwords in addresses, and values under telling names."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, quote_plus

SHORTEST = 4  # a shorter value would be found inside ordinary words; it is replaced only where it stands alone
IN_ADDRESS = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)(?P<secret>[^\s/@]+)(?=@)", re.IGNORECASE)
IN_SETTINGS = re.compile(r"(?P<head>\b(?:password|passwd|pwd)\s*=\s*)(?P<secret>'[^']*'|[^\s&;,'\"]+)", re.IGNORECASE)
TELLING_NAME = re.compile(
    r"(?:.*_)?(?:password|passwd|secret_?string|secret_?access_?key|session_?token|private_?key|authorization|api_?key)",
    re.IGNORECASE,
)
REPLACED = re.compile(r"secret:[0-9a-f]{12}")


class Masker:
    """Replaces each secret with `secret:` and a hash that tells equal secrets of one run, and nothing else."""

    def __init__(self) -> None:
        """Begin with no known secret, and with a salt that is never written."""
        self.salt = secrets.token_hex(16)
        self.spellings: dict[str, str] = {}
        self.pattern: re.Pattern[str] | None = None

    def learn(self, value: Any) -> None:
        """Remember a secret: a text, or each text inside a structure."""
        for secret in texts_of(value):
            for spelling in spellings_of(secret):
                self.spellings[spelling] = secret
        long_first = sorted((text for text in self.spellings if len(text) >= SHORTEST), key=len, reverse=True)
        self.pattern = re.compile("|".join(map(re.escape, long_first))) if long_first else None

    def token(self, secret: str) -> str:
        """Return what stands in a record in place of a secret."""
        if REPLACED.fullmatch(secret):
            return secret
        return "secret:" + hashlib.sha256((secret + self.salt).encode()).hexdigest()[:12]

    def text(self, text: str) -> str:
        """Return a text without the secrets in it."""
        text = str.__str__(text)
        if text in self.spellings:
            return self.token(self.spellings[text])
        text = self.known(text)
        for sign, pattern in (("://", IN_ADDRESS), ("=", IN_SETTINGS)):
            if sign in text:
                text = pattern.sub(lambda match: match["head"] + self.token(match["secret"].strip("'")), text)
        return text

    def known(self, text: str) -> str:
        """Return a text without the known secrets, and otherwise as it is."""
        if self.pattern is None:
            return text
        return self.pattern.sub(lambda match: self.token(self.spellings[match[0]]), text)

    def mask(self, value: Any) -> Any:
        """Return a value as plain JSON data without the secrets in it."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.mask_named(str(key), inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.mask(inner) for inner in value]
        return self.mask_plain(value)

    def mask_named(self, name: str, value: Any) -> Any:
        """Return a value of a mapping; a text under the name of a secret is one."""
        if isinstance(value, str) and value and TELLING_NAME.fullmatch(name):
            return self.token(str.__str__(value))
        return self.mask(value)

    def mask_plain(self, value: Any) -> Any:
        """Return a number, a time or nothing; of any other object only its kind, for it may hide a secret."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            unfit = str(value) in self.spellings or not math.isfinite(value)
            return self.text(str(value)) if unfit else value
        if isinstance(value, (date, datetime)):
            return value.isoformat()
        return f"<{type(value).__name__}>"


def texts_of(value: Any, name: str = "") -> Iterator[str]:
    """Yield the texts of a secret value; of a JSON document the whole, and what it holds under telling names."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts_of(inner, str(key))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts_of(inner, name)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value):
        yield str.__str__(str(value))
        yield from texts_in_document(str(value))


def texts_in_document(text: str) -> Iterator[str]:
    """Yield what a JSON document, such as a secret of AWS, holds under telling names."""
    if not text.startswith("{"):
        return
    try:
        fields = json.loads(text)
    except ValueError:
        return
    for key, inner in fields.items():
        if isinstance(inner, str) and inner and TELLING_NAME.fullmatch(key):
            yield inner


def spellings_of(secret: str) -> set[str]:
    """Return how a secret may be spelled: as it is, in an address, in JSON or HTML, in a Kubernetes Secret."""
    encoded = base64.b64encode(secret.encode()).decode("ascii")
    in_address = {quote(secret, safe=""), quote_plus(secret)}
    return {secret, json.dumps(secret)[1:-1], html.escape(secret), encoded, encoded.rstrip("="), *in_address}
