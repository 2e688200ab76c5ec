"""The environment of this process, for a while."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def environment_kept(settings: Mapping[str, str] | None = None) -> Iterator[None]:
    """Let the environment hold settings meanwhile, and put it back as it was."""
    before = dict(os.environ)
    os.environ.update(settings or {})
    try:
        yield
    finally:
        if os.environ != before:
            os.environ.clear()
            os.environ.update(before)
