"""What systemd makes of a calendar expression."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime

import pytest

ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not on this machine")
ELAPSE = re.compile(r"(?:Next elapse|Iter\. #\d+): \w{3} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")


def elapses(expression: str, after: datetime, count: int) -> list[datetime]:
    """Return the next times of an expression after a moment, as systemd computes them."""
    base = after.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    command = ["systemd-analyze", "calendar", f"--base-time={base}", f"--iterations={count}", expression]
    zone = {"TZ": "UTC", "LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=zone, capture_output=True, text=True, check=True)
    found = [datetime.strptime(text, "%Y-%m-%d %H:%M:%S") for text in ELAPSE.findall(done.stdout)]
    return [moment.replace(tzinfo=UTC) for moment in found]
