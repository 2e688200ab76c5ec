"""A procedure as a document, made from the playbook that runs and from nothing else."""

from __future__ import annotations

from hasivu_play.console import aligned, wrapped
from hasivu_play.document import Step, steps
from hasivu_play.header import Header, header_of, read_plays
from hasivu_play.project import Project
from hasivu_play.show_manual import covered_text
from hasivu_play.show_markdown import markdown
from hasivu_play.show_tables import INPUT_TITLES, facts, inputs


def show(project: Project, procedure: str, style: str) -> str:
    """Return the document of a procedure as text or as Markdown."""
    path = project.playbook(procedure)
    plays = read_plays(path)
    header = header_of(plays, path.name)
    if style == "markdown":
        return markdown(header, list(steps(plays)))
    return text(header, list(steps(plays)))


def text(header: Header, walked: list[Step]) -> str:
    """Return the document for a terminal."""
    parts = [f"{header.title} ({header.id})", wrapped(header.purpose)]
    parts.append("\n".join(wrapped(value, " " * 10, f"{title:<10}") for title, value in facts(header).items()))
    parts.append("\n".join(["Steps", *(text_step(step) for step in walked)]))
    if header.inputs:
        parts.append(aligned([INPUT_TITLES, *inputs(header)]))
    if header.controls:
        parts.append("\n".join(["Controls", *(text_control(item) for item in header.controls)]))
    if header.covers:
        parts.append("\n".join(["From the manual", *covered_text(header)]))
    if header.departures:
        parts.append("\n".join(["Departures from the manual", *(text_departure(item) for item in header.departures)]))
    return "\n\n".join(parts)


def text_step(step: Step) -> str:
    """Return one step below its indentation."""
    indent = "  " * (step.depth + 1)
    if step.kind in ("rescue", "always", "play"):
        return wrapped(f"{step.text}:", indent)
    return wrapped(step.text, f"{indent}  ", f"{indent}{'- [guard] ' if step.guard else '- '}")


def text_control(control: dict[str, str]) -> str:
    """Return a control, and the step that is its evidence."""
    says = wrapped(f"{control['id']}: {control['says']}", " " * 4, "  ")
    return says + "\n" + wrapped(control["evidence"], " " * 14, "    Evidence: ")


def text_departure(departure: dict[str, str]) -> str:
    """Return what the manual says, and what the procedure does instead."""
    manual = wrapped(departure["manual"], " " * 10, "  Manual: ")
    return manual + "\n" + wrapped(departure["here"], " " * 10, "  Here:   ")
