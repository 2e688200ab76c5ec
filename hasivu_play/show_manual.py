"""The commands of the manual that a procedure stands for, each with its steps."""

from __future__ import annotations

from collections.abc import Iterator

from hasivu_play.console import wrapped
from hasivu_play.header import Header
from hasivu_play.manual import Block, load_register


def covered(header: Header) -> Iterator[tuple[str, Block, list[str]]]:
    """Walk through section, block and steps of what a header covers; `coverage` finds what the manual lacks."""
    manual = load_register()
    for item in header.covers:
        block = manual.block_of.get(item["block"])
        if block is not None:
            yield manual.section_of[block.section].name, block, item["steps"]


def covered_text(header: Header) -> Iterator[str]:
    """Walk through the lines of the manual and the steps for them, for a terminal."""
    for section, block, steps in covered(header):
        yield wrapped(section, " " * 4, "  ")
        yield from (f"    {line}" for line in block.lines)
        yield from (wrapped(step, " " * 8, "      - ") for step in steps)


def covered_markdown(header: Header) -> Iterator[str]:
    """Walk through the lines of the manual and the steps for them, as Markdown."""
    for section, block, steps in covered(header):
        yield f"**{section}**"
        yield "\n".join(["```bash", *block.lines, "```"])
        yield "\n".join(f"- {step}" for step in steps)
