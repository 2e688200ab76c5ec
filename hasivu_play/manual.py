"""The operations manual as sections and command blocks, each with a key that a new revision keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hasivu_play.errors import UsageError

REGISTER = Path(__file__).with_name("data") / "manual.json"


@dataclass(frozen=True)
class Section:
    """A heading of the manual below its chapters, and a digest of the prose under it."""

    key: str
    titles: tuple[str, ...]
    prose: str

    @property
    def name(self) -> str:
        """Return the titles from the chapter down."""
        return " > ".join(self.titles)


@dataclass(frozen=True)
class Block:
    """Commands of the manual that belong together, quoted with the comment that opens them."""

    key: str
    section: str
    lines: tuple[str, ...]

    @property
    def opening(self) -> str:
        """Return the line that a person knows the block by."""
        return opening_of(self.lines)


@dataclass(frozen=True)
class Manual:
    """One revision of the manual, or the register that is kept of it."""

    title: str
    version: str
    sections: tuple[Section, ...]
    blocks: tuple[Block, ...]

    @cached_property
    def section_of(self) -> dict[str, Section]:
        """Return the sections by their keys."""
        return {section.key: section for section in self.sections}

    @cached_property
    def block_of(self) -> dict[str, Block]:
        """Return the blocks by their keys."""
        return {block.key: block for block in self.blocks}

    def below(self, section: str) -> list[Block]:
        """Return the blocks of a section and of the sections below it."""
        return [block for block in self.blocks if is_below(block.section, section)]


def opening_of(lines: Sequence[str]) -> str:
    """Return the line that a block is known by: the first, or what follows the interpreter of a script."""
    return lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]


def is_below(key: str, section: str) -> bool:
    """Tell whether a section is another one, or stands below it."""
    return key == section or key.startswith(f"{section}/")


def load_register(path: Path = REGISTER) -> Manual:
    """Return what the project keeps of the manual."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    return Manual(
        kept["title"],
        kept["version"],
        tuple(Section(item["key"], tuple(item["titles"]), item["prose"]) for item in kept["sections"]),
        tuple(Block(item["key"], item["section"], tuple(item["lines"])) for item in kept["blocks"]),
    )


def write_register(manual: Manual, path: Path) -> None:
    """Write a register, so that its differences are read line by line."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder. Name the file that is to hold the register.")
    kept: dict[str, Any] = asdict(manual)
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
