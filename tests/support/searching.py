"""Where a secret might lie: files, logs of the sandbox, and what can be seen of processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from support.sandbox import Sandbox

LOGS = ("endpoints.json", "process.json", "cloudtrail.json")
RUNS_A_FUNCTION = b"AWS_LAMBDA_FUNCTION_NAME="


def processes() -> Iterator[tuple[str, bytes]]:
    """Yield command line and environment of every process that can be read.

    A process that runs a Lambda function has the password that the function's configuration gives it: not an accident.
    """
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                content = (folder / name).read_bytes()
            except OSError:
                continue
            yield f"{folder}/{name}", without_its_password(content) if RUNS_A_FUNCTION in content else content


def without_its_password(environment: bytes) -> bytes:
    """Return the environment of a function without the one variable in which its configuration keeps a password."""
    return b"\0".join(one for one in environment.split(b"\0") if not one.startswith(b"DATABASE_PASSWORD="))


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
