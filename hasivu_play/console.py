"""How words reach a person or a program: aligned columns, JSON, and whether anybody watches."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, TextIO


def is_terminal(stream: TextIO) -> bool:
    """Tell whether a person watches this stream on a terminal that can redraw its lines."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def colour_wanted(stream: TextIO) -> bool:
    """Tell whether colour may be used; https://no-color.org says how people refuse it."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def width() -> int:
    """Return the columns that a line may fill."""
    return min(shutil.get_terminal_size((120, 24)).columns, 120)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as columns that stand under each other."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def wrapped(text: str, indent: str = "", first: str | None = None) -> str:
    """Return text in lines of readable length, below an indentation."""
    return textwrap.fill(
        text,
        width(),
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def as_json(value: Any) -> str:
    """Return a value as the JSON that `--json` promises; times are written as RFC 3339."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def without_password(url: str) -> str:
    """Return an address without the password in it."""
    return re.sub(r"(://[^:/@]*):[^@]+@", r"\1@", url)


def say(text: str) -> None:
    """Write a line to standard error, where words about the work go, so that results stay clean."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def counted(number: int, thing: str) -> str:
    """Return how many there are of something that has an ordinary plural: `1 step`, `2 steps`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return seconds as a person says them: `0.4 s`, `42 s`, `3 min 5 s`, `1 h 2 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
