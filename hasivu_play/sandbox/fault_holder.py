"""`python -m hasivu_play.sandbox.fault_holder ROOT NAME SECONDS`: hold a fault for a time, then end it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import psycopg

from hasivu_play.sandbox import fault_markers
from hasivu_play.sandbox.faults import TABLE
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.lock import locked


def hold(layout: Layout, name: str, seconds: float) -> None:
    """Hold a fault until its time is over, and end it."""
    TABLE[name].hold(layout, seconds)
    with locked(layout):
        fault_markers.unmark(layout, name)
        TABLE[name].end(layout)


if __name__ == "__main__":
    # Like Ctrl-C, which makes psycopg cancel the query that it waits for.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        hold(Layout(Path(sys.argv[1])), sys.argv[2], float(sys.argv[3]))
    except KeyboardInterrupt:
        sys.exit(0)
    except psycopg.Error as error:
        sys.exit(str(error))
