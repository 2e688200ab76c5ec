"""What the search of the site knows: one line for each page and each sentence worth finding."""

from __future__ import annotations

import json
from collections.abc import Iterable

from hasivu_play.site.addresses import anchor
from hasivu_play.site.contents import Contents

Line = tuple[str, str, str, str]


def lines(contents: Contents) -> Iterable[Line]:
    """Return kind, title, address and further words of everything that can be found."""
    for procedure in contents.procedures:
        header, address = procedure.header, f"procedures/{procedure.header.id}.html"
        yield "Procedure", header.title, address, f"{header.id} {header.purpose} {header.risk} {header.source}"
        for number, step in enumerate(procedure.walked):
            if step.kind == "step":
                yield "Step", step.text, f"{address}#step-{number}", header.id
    for control in contents.controls:
        yield "Control", f"{control.id}: {control.says}", f"controls.html#{control.anchor}", control.procedure
    for section in contents.coverage:
        for row in section.rows:
            yield "Manual", " ".join(row.block.lines), f"coverage.html#{anchor(row.block.key)}", section.name
    for told in contents.runs:
        run = told.run
        words = (run.id, run.state, run.ticket or "", run.failed_step or "", told.kind)
        yield "Run", f"{run.procedure} in {run.environment}, {run.state}", f"runs/{run.id}.html", " ".join(words)


def script(contents: Contents) -> str:
    """Return the index as a script, for pages that open from a folder may not read other files."""
    text = json.dumps([list(line) for line in lines(contents)], ensure_ascii=False, separators=(",", ":"))
    return f"window.SITE_INDEX = {text};\n"
