"""`python -m hasivu_play.sandbox.base_backup ROOT PORT`: take a base backup, out of the way of everybody else."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from psycopg.conninfo import make_conninfo

from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.postgresql import SUPERUSER, run_program
from hasivu_play.sandbox.postgresql_programs import programs_directory

NICENESS = 15


def take(layout: Layout, port: int) -> Path:
    """Take a base backup under a name of its own; one that was cut short never bears the final name."""
    folder = layout.part("postgresql") / "base_backups"
    final = folder / datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    draft = final.with_suffix(".part")
    for leftover in folder.glob("*.part"):
        shutil.rmtree(leftover)
    connection = make_conninfo(host="127.0.0.1", port=port, user=SUPERUSER, passfile=str(layout.credential("pgpass")))
    program = programs_directory() / "pg_basebackup"
    run_program(program, "-d", connection, "-D", draft, "-X", "fetch", "-c", "fast", "--no-sync")
    return draft.rename(final)


if __name__ == "__main__":
    os.nice(NICENESS)
    take(Layout(Path(sys.argv[1])), int(sys.argv[2]))
