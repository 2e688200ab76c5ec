"""Where hasivu-play keeps its state: records, the sandbox and the private folders of runs."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """Return the state folder: `$HASIVU_PLAY_HOME`, else the XDG state folder of this user."""
    configured = os.environ.get("HASIVU_PLAY_HOME")
    if configured:
        return Path(configured).expanduser().resolve()
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "hasivu-play"


def runs_directory() -> Path:
    """Return the folder that holds one record folder for each run."""
    return home() / "runs"


def sandbox_directory() -> Path:
    """Return the folder of the sandbox that belongs to this state folder."""
    return home() / "sandbox"


def private_directory() -> Path:
    """Return the folder in which each run gets its own private data directory."""
    return home() / "private"
