"""Months of records of runs that never were, with the steps of the real playbooks, for whatever reads many of them."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import record, record_origin
from ansible_collections.hasivu.ops.plugins.module_utils.record_secrets import Masker

from hasivu_play.coverage import read_procedures
from hasivu_play.project import Project
from support.drills import Drill, dated, measures
from support.recording import finish

HOSTILE = "<script>document.title = 'taken'</script> & \"quoted\""
APART = timedelta(hours=7)
ENDINGS: list[tuple[str, int]] = [("finding", 1), ("refused", 3), ("interrupted", 4), *[("done", 0)] * 7]
FINDING = {"severity": "high", "what": HOSTILE, "where": "public.orders", "why": "It is a trial.", "do": "Look at it."}
Fields = dict[str, Any]


def write(home: Path, key: Path, project: Project, count: int, newest: datetime | None = None) -> list[Path]:
    """Write so many records, the newest first, one every seven hours, and return their folders.

    Every kind of ending is among them, and in each tenth a value that would be code where it is not escaped.
    """
    chance = random.Random(count)
    sentences = {
        procedure.header.id: [step.text for step in procedure.walked if step.kind == "step"]
        for procedure in read_procedures(project)
    }
    moment = newest or datetime.now(UTC)
    return [
        one(home, key, number, moment - number * APART, *chance.choice(list(sentences.items())))
        for number in range(count)
    ]


def one(home: Path, key: Path, number: int, moment: datetime, procedure: str, sentences: list[str]) -> Path:
    """Write the record of one run."""
    chance = random.Random(number)
    name = f"{moment:%Y%m%dT%H%M%S}Z-{procedure}-sandbox-{number:04x}"
    state, code = ENDINGS[number % len(ENDINGS)]
    with dated(moment):
        opened = record.Record(home / "runs" / name, Masker())
        opened.append("run_started", **begun(name, procedure, number, moment))
    for place, sentence in enumerate(sentences if state != "refused" else sentences[:3], 1):
        with dated(moment + timedelta(seconds=2 * place)):
            opened.append("step_started", step=place, name=sentence, where=f"playbooks/{procedure}.yml:1")
            ending = {"outcome": "changed" if place % 9 == 0 else "ok", "seconds": 2 * chance.random()}
            opened.append("step_finished", step=place, host="hasivu-database", name=sentence, **ending)
    report: Fields = {"findings": [FINDING] if state == "finding" else []}
    (opened.directory / "report.json").write_text(json.dumps(report))
    if procedure in ("db-recovery", "recovery-drill") and state == "done":
        drill = Drill(days_ago=0, rto=1500 + 600 * chance.random(), rpo=20 * chance.random())
        (opened.directory / "objectives.json").write_text(json.dumps(measures(drill, moment)))
    with dated(moment + timedelta(seconds=2 * len(sentences) + 4)):
        failed = sentences[2] if code > 1 else None
        return finish(opened, key, state=state, exit_code=code, failed_step=failed)


def begun(name: str, procedure: str, number: int, moment: datetime) -> Fields:
    """Return the first line of a record."""
    return {
        "run": name,
        "procedure": procedure,
        "title": procedure.replace("-", " ").capitalize(),
        "environment": "sandbox",
        "check": number % 10 == 3,
        "inputs": {"note": HOSTILE} if number % 10 == 0 else {"budget_min": 45},
        "resumes": "",
        "ticket": f"OPS-{number}",
        "break_glass": HOSTILE if number % 100 == 50 else None,
        "window_started": moment.isoformat(),
        "who": record_origin.who(),
        "digests": {"playbook": {"path": f"playbooks/{procedure}.yml", "sha256": "ab" * 32}},
    }
