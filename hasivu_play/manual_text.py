"""Reads the text of the manual: its headings, its prose, and the command blocks inside its fences."""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hasivu_play.errors import UsageError
from hasivu_play.manual import Block, Manual, Section, opening_of

HEADING = re.compile(r"(#{1,6}) +(.+?)\s*#*$")
FENCE = re.compile(r"\s*(`{3,}|~{3,})")
ABOUT = re.compile(r"\*\*(Document Version|Last Updated|Review Frequency|Document Owner)\*\*:\s*(.*)")
COMMENT = re.compile(r"(#(?!!)|--)\s*(?P<text>.*)")
CONTENTS = "table-of-contents"
SLUG_WORDS = 8


@dataclass
class Page:
    """What stands under one heading, as it is read."""

    titles: tuple[str, ...]
    prose: list[str] = field(default_factory=list)
    fences: list[list[str]] = field(default_factory=list)


def read_manual(path: Path) -> Manual:
    """Return a revision of the manual from its Markdown."""
    try:
        manual = parse(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not text in UTF-8. Give the manual as Markdown.") from error
    if not manual.blocks:
        raise UsageError(f"{path} holds no command block below a heading. Give the manual as Markdown.")
    return manual


def parse(text: str) -> Manual:
    """Return the sections and blocks of a manual, in its order."""
    about = dict(ABOUT.findall(text))
    title = next((match[2] for match in map(HEADING.match, text.splitlines()) if match and match[1] == "#"), "")
    sections: list[Section] = []
    blocks: list[Block] = []
    for page in pages(text.splitlines()):
        key = unique(section_key(page.titles), [section.key for section in sections])
        sections.append(Section(key, page.titles, digest(page.prose)))
        for lines in (block for fence in page.fences for block in split(fence)):
            name = unique(f"{key}/{slug(opening_words(lines), SLUG_WORDS)}", [block.key for block in blocks])
            blocks.append(Block(name, key, tuple(lines)))
    return Manual(title, about.get("Document Version", ""), tuple(sections), tuple(blocks))


def pages(lines: Iterable[str]) -> Iterator[Page]:
    """Walk through what stands under each heading; the title, the contents and the imprint are left out."""
    page = Page(())
    fence: tuple[str, list[str]] | None = None
    for line in lines:
        mark = FENCE.match(line)
        heading = HEADING.match(line)
        if fence is not None:
            fence = continue_fence(page, fence, line)
        elif mark:
            fence = (mark[1], [])
        elif heading:
            yield from kept(page)
            page = Page((*page.titles[: max(len(heading[1]) - 2, 0)], heading[2]) if len(heading[1]) > 1 else ())
        elif line.strip() and not ABOUT.match(line) and line.strip() != "---":
            page.prose.append(" ".join(line.split()))
    if fence is not None:
        raise UsageError(f"A fence under '{page.titles[-1] if page.titles else 'the title'}' never ends. Close it.")
    yield from kept(page)


def continue_fence(page: Page, fence: tuple[str, list[str]], line: str) -> tuple[str, list[str]] | None:
    """Take a line into a fence, or end it."""
    mark, lines = fence
    if line.strip().startswith(mark) and not line.strip(mark[0] + " \t"):
        page.fences.append(textwrap.dedent("\n".join(lines)).splitlines())
        return None
    return mark, [*lines, line]


def kept(page: Page) -> Iterator[Page]:
    """Yield a page that says something of operations."""
    if page.titles and slug(page.titles[0]) != CONTENTS:
        yield page


def split(fence: list[str]) -> Iterator[list[str]]:
    """Split a fence where a comment or a line after an empty one begins; a note belongs to what stands above."""
    block: list[str] = []
    for line in fence:
        if block and begins_block(line, block):
            yield without_empty_end(block)
            block = []
        if line.strip() or block:
            block.append(line.rstrip())
    if block:
        yield without_empty_end(block)


def begins_block(line: str, block: list[str]) -> bool:
    """Tell whether a line opens another block than the one that was read so far."""
    comment = COMMENT.match(line)
    if comment and block[-1]:
        names_script = len(block) == 1 and block[0].startswith("#!")
        return not names_script and not comment["text"].startswith("Note:")
    return bool(line.strip()) and not block[-1]


def without_empty_end(block: list[str]) -> list[str]:
    """Return a block without the empty lines after it."""
    return textwrap.dedent("\n".join(block)).rstrip().splitlines()


def opening_words(lines: list[str]) -> str:
    """Return the words of the line that opens a block, without what marks a comment."""
    opening = opening_of(lines)
    comment = COMMENT.match(opening)
    return comment["text"] if comment else opening


def section_key(titles: tuple[str, ...]) -> str:
    """Return the key of a section: its headings below the chapter, or the chapter itself."""
    return "/".join(slug(title) for title in titles[1:] or titles)


def slug(title: str, words: int | None = None) -> str:
    """Return a title as a key: without its number, its time in brackets, and whatever is no letter or digit."""
    bare = re.sub(r"^\d+\.\s+|\s*\([^()]*\)\s*:?$", "", title.strip())
    found = re.findall(r"[a-z0-9]+", bare.lower())
    return "-".join(found[:words]) or "unnamed"


def unique(key: str, taken: list[str]) -> str:
    """Return a key with a number behind it where the same stood there before."""
    number = next(number for number in range(1, len(taken) + 2) if numbered(key, number) not in taken)
    return numbered(key, number)


def numbered(key: str, number: int) -> str:
    """Return a key with its number, if it is not the first."""
    return key if number == 1 else f"{key}-{number}"


def digest(prose: list[str]) -> str:
    """Return what tells one prose from another, without the prose."""
    return hashlib.sha256("\n".join(prose).encode()).hexdigest()[:16] if prose else ""
