"""Records of recoveries that never were: sealed, signed and dated, for whoever reads what they measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from ansible_collections.hasivu.ops.plugins.module_utils import record, record_line, record_origin
from ansible_collections.hasivu.ops.plugins.module_utils.record_secrets import Masker
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_objectives import objectives

from support.recording import finish, step


@dataclass(frozen=True)
class Drill:
    """A drill that ended some days ago, and what it measured."""

    days_ago: float
    rto: float | None = 1800
    rpo: float | None = 60
    procedure: str = "recovery-drill"
    fields: dict[str, Any] = field(default_factory=dict)
    ending: dict[str, Any] = field(default_factory=dict)
    measured: bool = True


def written(home: Path, key: Path | None, drill: Drill) -> Path:
    """Write the record of a drill, and return its folder."""
    ended = datetime.now().astimezone() - timedelta(days=drill.days_ago)
    name = f"{ended:%Y%m%dT%H%M%S}Z-{drill.procedure}-sandbox-{int(drill.days_ago * 100) % 65536:04x}"
    with dated(ended):
        opened = record.Record(home / "runs" / name, Masker())
        known = {"run": name, "procedure": drill.procedure, "environment": "sandbox", "check": False, "resumes": ""}
        opened.append("run_started", **{**known, "who": record_origin.who(), **drill.fields})
        step(opened, 1, "Restore it")
        if drill.measured:
            (opened.directory / "objectives.json").write_text(json.dumps(measures(drill, ended)))
        return finish(opened, key, **drill.ending)


def measures(drill: Drill, ended: datetime) -> dict[str, Any]:
    """Return what a drill measured."""
    t0 = ended - timedelta(hours=5)
    committed = t0 + timedelta(seconds=drill.rpo or 0)
    begun = {"t0": t0.isoformat(), "targets": {"rto_s": 3600, "rpo_s": 300}, "drill": True, "strategy": "pitr"}
    rows = {
        "last_committed": {"at": None if drill.rpo is None else committed.isoformat(), "origin": "database"},
        "newest_recovered": {"at": t0.isoformat(), "origin": "database"},
    }
    restored = None if drill.rto is None else (t0 + timedelta(seconds=drill.rto)).isoformat()
    phases = [{"name": "Restore", "seconds": 700.0}, {"name": "Verify", "seconds": 200.0}]
    return {**objectives(begun, restored, rows), "phases": phases}


@contextmanager
def dated(moment: datetime) -> Iterator[None]:
    """Let lines of a record be written at a moment of the past."""
    times = record_line.times(moment)
    with mock.patch.object(record_line, "times", return_value=times):
        yield
