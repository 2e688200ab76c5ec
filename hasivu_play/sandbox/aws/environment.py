"""The settings that ministack reads from its environment, set before it is imported."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

ACCOUNT = "204867531290"
REGION = "ap-south-1"
OTHER_REGION = "ap-south-2"
HOST = "127.0.0.1"


def prepare(directory: Path, port: int) -> None:
    """Bind ministack to loopback, to our account and to a folder that only its owner can read."""
    os.umask(0o077)
    discard_unfinished_seed(directory)
    os.environ.update(settings(directory, port))
    # With the docker package in the same environment ministack would start containers on the operator's machine.
    sys.modules["docker"] = None  # type: ignore[assignment]  # the way to make an import fail


def seeded(directory: Path) -> Path:
    """Return the file that is there once the seed is complete and on disk."""
    return directory / "state" / "seeded"


def discard_unfinished_seed(directory: Path) -> None:
    """Remove what an emulator has left that was killed during its first start."""
    if not seeded(directory).exists():
        for name in ("state", "s3"):
            shutil.rmtree(directory / name, ignore_errors=True)
            (directory / name).mkdir(mode=0o700)


def settings(directory: Path, port: int) -> dict[str, str]:
    """Return ministack's settings; none of them is a secret."""
    temporary = directory / "temporary"
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(directory / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(directory / "s3"),
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(temporary),
    }
