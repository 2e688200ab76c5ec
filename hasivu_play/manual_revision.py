"""What a new revision of the manual says otherwise, and which procedures that concerns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from hasivu_play.coverage import Procedure, touched_by
from hasivu_play.manual import Block, Manual, Section

Item = Block | Section
Kind = Literal["changed", "added", "removed", "moved", "reordered"]
PROSE = "prose: "


@dataclass(frozen=True)
class Change:
    """One block or section that is no longer what it was."""

    kind: Kind
    key: str
    section: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    procedures: list[str]
    planned: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Two revisions side by side, with the procedures and the list that belong to the older one."""

    old: Manual
    new: Manual
    procedures: list[Procedure]
    listed: dict[str, str]

    def change(self, kind: Kind, old: Item | None, new: Item | None) -> Change:
        """Return a change with the procedures that it concerns; what is new concerns those of its section."""
        manual, item = (self.old, old) if old is not None else (self.new, new)
        assert item is not None
        section = manual.section_of[item.section if isinstance(item, Block) else item.key]
        concerned = touched_by(item.key, self.procedures)
        return Change(kind, item.key, section.name, said(old), said(new), concerned, self.listed.get(item.key))


def compare(old: Manual, new: Manual, procedures: list[Procedure], listed: dict[str, str]) -> list[Change]:
    """Return what changed: sections by heading and prose, blocks by their lines and their order."""
    comparison = Comparison(old, new, procedures, listed)
    return [
        *differences(comparison, old.section_of, new.section_of),
        *differences(comparison, old.block_of, new.block_of),
        *reordered(comparison),
    ]


def differences(comparison: Comparison, old: Mapping[str, Item], new: Mapping[str, Item]) -> Iterator[Change]:
    """Walk through what is in only one revision, or in both and not the same."""
    moved = moves(old, new)
    for key, item in old.items():
        if key in moved:
            yield comparison.change("moved", item, new[moved[key]])
        elif key not in new:
            yield comparison.change("removed", item, None)
        elif said(item) != said(new[key]):
            yield comparison.change("changed", item, new[key])
    for key in new:
        if key not in old and key not in moved.values():
            yield comparison.change("added", None, new[key])


def moves(old: Mapping[str, Item], new: Mapping[str, Item]) -> dict[str, str]:
    """Return the new key of each item that says the same at another place, one for one."""
    found: dict[str, str] = {}
    for key in (key for key in old if key not in new):
        same = (other for other in new if other not in old and is_same(old[key], new[other]))
        target = next((other for other in same if other not in found.values()), None)
        if target is not None:
            found[key] = target
    return found


def reordered(comparison: Comparison) -> Iterator[Change]:
    """Walk through the sections whose blocks have another order, for an order is part of what a manual says."""
    for key, section in comparison.old.section_of.items():
        before = [
            block for block in comparison.old.blocks if block.section == key and block.key in comparison.new.block_of
        ]
        names = {block.key for block in before}
        after = [block for block in comparison.new.blocks if block.key in names]
        if [block.key for block in before] != [block.key for block in after]:
            change = comparison.change("reordered", section, section)
            yield replace(change, before=openings(before), after=openings(after))


def openings(blocks: list[Block]) -> tuple[str, ...]:
    """Return the lines by which a person knows the blocks."""
    return tuple(block.opening for block in blocks)


def is_same(old: Item, new: Item) -> bool:
    """Tell whether something only has another place or heading."""
    if isinstance(old, Block) and isinstance(new, Block):
        return old.lines == new.lines
    return isinstance(old, Section) and isinstance(new, Section) and bool(old.prose) and old.prose == new.prose


def said(item: Item | None) -> tuple[str, ...]:
    """Return what a revision says at a place: commands word for word, a heading with the digest of its prose."""
    if item is None:
        return ()
    return item.lines if isinstance(item, Block) else (item.titles[-1], f"{PROSE}{item.prose or 'none'}")
