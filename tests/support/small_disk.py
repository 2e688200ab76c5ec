"""A disk that is soon full, where the machine lets an ordinary user have one."""

from __future__ import annotations

import shutil
import subprocess

import pytest

OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount")


def may_mount() -> bool:
    """Tell whether a small disk of our own can be had."""
    if shutil.which("unshare") is None:
        return False
    command = [*OWN_MOUNTS, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_small_disk = pytest.mark.skipif(not may_mount(), reason="a small disk needs user namespaces")
