"""Rehearsals in words, as a table in Markdown, and as a report in the form of JUnit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from hasivu_play.console import counted, duration, wrapped
from hasivu_play.rehearse import Verdict

TITLES = ("Procedure", "Ended as", "Time", "Would change", "Not covered", "What was said")
PROOF = "Every client refuses in a rehearsal to send what would change something."


def as_text(verdicts: Sequence[Verdict], *, findings_allowed: bool) -> str:
    """Return one paragraph for each rehearsal, and how many are not well."""
    paragraphs = [paragraph(verdict) for verdict in verdicts]
    return "\n".join([*paragraphs, summary(verdicts, findings_allowed=findings_allowed)])


def paragraph(verdict: Verdict) -> str:
    """Return what came of one rehearsal, and what it could not cover."""
    lines = [f"{ending(verdict)}; {effects(verdict)}."]
    if verdict.message and verdict.state != "done":
        lines.append(wrapped(verdict.message, "  "))
    for title, texts in (("Not covered", verdict.not_covered), ("Warning", verdict.warnings)):
        lines += [wrapped(f"{title}: {text}", "  ") for text in texts]
    return "\n".join(lines)


def ending(verdict: Verdict) -> str:
    """Return how a rehearsal ended."""
    return f"{verdict.procedure}: {verdict.state.replace('_', ' ')} in {duration(verdict.seconds)}"


def effects(verdict: Verdict) -> str:
    """Return how many steps would change something and how many were not covered."""
    steps, left_out = counted(len(verdict.would_change), "step"), len(verdict.not_covered)
    return f"{steps} would change something, {left_out} {'was' if left_out == 1 else 'were'} not covered"


def summary(verdicts: Sequence[Verdict], *, findings_allowed: bool) -> str:
    """Return how many rehearsals there were and which are not well."""
    unwell = [verdict.procedure for verdict in verdicts if not verdict.is_well(findings_allowed=findings_allowed)]
    number = f"{counted(len(verdicts), 'procedure')} {'was' if len(verdicts) == 1 else 'were'} rehearsed"
    said = f"{number}; not well: {', '.join(unwell) or 'none'}."
    return f"{said} {PROOF}"


def as_markdown(verdicts: Sequence[Verdict], *, findings_allowed: bool) -> str:
    """Return a table for the page of a build, and below it what was not covered."""
    rows = [
        (
            f"`{verdict.procedure}`",
            ("" if verdict.is_well(findings_allowed=findings_allowed) else "**not well:** ")
            + verdict.state.replace("_", " "),
            duration(verdict.seconds),
            str(len(verdict.would_change)),
            str(len(verdict.not_covered)),
            cell(verdict.message if verdict.state != "done" else ""),
        )
        for verdict in verdicts
    ]
    table = [f"| {' | '.join(row)} |" for row in (TITLES, ["---"] * len(TITLES), *rows)]
    parts = [f"- `{verdict.procedure}`: {cell(text)}" for verdict in verdicts for text in verdict.not_covered]
    below = ["", "Not covered:", "", *parts] if parts else []
    return "\n".join([*table, "", summary(verdicts, findings_allowed=findings_allowed), *below])


def cell(text: str) -> str:
    """Return a text that keeps its place in a table."""
    return " ".join(text.replace("|", "\\|").split())


def write_junit(path: Path, verdicts: Sequence[Verdict], environment: str, *, findings_allowed: bool) -> None:
    """Write the report that build servers read: one test case for each procedure.

    The form is that of https://github.com/testmoapp/junitxml, which describes what its readers have in common.
    """
    unwell = [verdict for verdict in verdicts if not verdict.is_well(findings_allowed=findings_allowed)]
    counts = {"tests": str(len(verdicts)), "failures": str(len(unwell)), "errors": "0"}
    total = {"time": f"{sum(verdict.seconds for verdict in verdicts):.1f}"}
    suites = ElementTree.Element("testsuites", counts | total)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": f"rehearsal in {environment}"} | counts | total)
    for verdict in verdicts:
        named = {"classname": f"rehearsal.{environment}", "name": verdict.procedure, "time": f"{verdict.seconds:.1f}"}
        case = ElementTree.SubElement(suite, "testcase", named)
        if verdict in unwell:
            kind = {"type": verdict.state, "message": verdict.message}
            ElementTree.SubElement(case, "failure", kind).text = paragraph(verdict)
        ElementTree.SubElement(case, "system-out").text = paragraph(verdict)
    ElementTree.indent(suites)
    path.write_bytes(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True) + b"\n")
