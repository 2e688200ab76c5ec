"""The document of a procedure as Markdown."""

from __future__ import annotations

from typing import Any

from hasivu_play.document import Step
from hasivu_play.header import Header
from hasivu_play.show_manual import covered_markdown
from hasivu_play.show_tables import CONTROL_TITLES, INPUT_TITLES, controls, facts, inputs


def markdown(header: Header, walked: list[Step]) -> str:
    """Return the document as Markdown."""
    parts = [f"# {header.title} (`{header.id}`)", header.purpose]
    parts.append(markdown_table(("", ""), [(f"**{title}**", value) for title, value in facts(header).items()]))
    parts += ["## Steps", "\n".join(markdown_step(step) for step in walked)]
    if header.inputs:
        parts += ["## Inputs", markdown_table(INPUT_TITLES, inputs(header))]
    if header.controls:
        parts += ["## Controls", markdown_table(CONTROL_TITLES, controls(header))]
    if header.covers:
        parts += ["## From the manual", *covered_markdown(header)]
    if header.departures:
        rows = [(item["manual"], item["here"]) for item in header.departures]
        parts += ["## Departures", markdown_table(("The manual", "This procedure"), rows)]
    return "\n\n".join(parts)


def markdown_step(step: Step) -> str:
    """Return one step as an item of a nested list."""
    indent = "  " * step.depth
    if step.kind in ("rescue", "always"):
        return f"{indent}- *{step.text}:*"
    if step.kind == "play":
        return f"{indent}- **{step.text}**"
    return f"{indent}- {'**Guard:** ' if step.guard else ''}{step.text}"


def markdown_table(titles: tuple[str, ...], rows: list[Any]) -> str:
    """Return rows as a Markdown table; a bar in a cell stays a bar."""
    lines = [titles, ("---",) * len(titles), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
