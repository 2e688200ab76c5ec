"""The sandbox as commands that need one start it."""

from __future__ import annotations

from typing import Any

from hasivu_play.console import say
from hasivu_play.errors import UsageError


def start_sandbox() -> None:
    """Start what does not run of the sandbox, or say how its parts are installed."""
    try:
        from hasivu_play.sandbox.supervisor import up
    except ImportError as error:
        raise UsageError(
            f"The sandbox needs {error.name}. Install it with: pip install hasivu-play[sandbox]"
        ) from error
    up(sandbox_layout(), progress=say)


def sandbox_layout() -> Any:
    """Return the folder of the sandbox that belongs to this state folder."""
    from hasivu_play.home import sandbox_directory
    from hasivu_play.sandbox.layout import Layout

    return Layout(sandbox_directory())
