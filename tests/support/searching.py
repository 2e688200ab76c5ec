"""Where a secret might lie: files, logs of the sandbox, and what can be seen of processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from support.sandbox import Sandbox

LOGS = ("endpoints.json", "process.json", "cloudtrail.json")


RUNS_A_FUNCTION = b"AWS_LAMBDA_FUNCTION_NAME="


def processes() -> Iterator[tuple[str, bytes]]:
    """Yield command line and environment of every process that can be read.

    A process that runs a Lambda function has that function's variables, as its configuration says: not an accident.
    """
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                content = (folder / name).read_bytes()
            except OSError:
                continue
            if RUNS_A_FUNCTION not in content:
                yield f"{folder}/{name}", content


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file below a folder."""
    for path in folder.rglob("*") if folder.is_dir() else ():
        try:
            yield str(path), path.read_bytes()
        except OSError:
            continue


def logs(sandbox: Sandbox) -> Iterator[tuple[str, bytes]]:
    """Yield the logs of every part, of which that of the AWS emulator keeps no bodies, and its CloudTrail."""
    for path in (sandbox.home / "sandbox").rglob("*"):
        if path.is_file() and (path.suffix in (".log", ".jsonl") or path.name in LOGS):
            yield str(path), path.read_bytes()


def holding(folders: list[Path], secrets: list[str]) -> list[str]:
    """Return the files below some folders that hold one of some secrets."""
    return [where for folder in folders for where, content in files(folder) if has_any(content, secrets)]


def in_logs(sandbox: Sandbox, secrets: list[str]) -> list[str]:
    """Return the logs that hold one of some secrets."""
    return [where for where, content in logs(sandbox) if has_any(content, secrets)]


def has_any(content: bytes, secrets: list[str]) -> bool:
    """Tell whether a content holds one of some secrets."""
    return any(secret.encode() in content for secret in secrets)
