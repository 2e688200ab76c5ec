"""Scan with programs of a test's own: each a script that prints a sample, and writes down how it was called."""

from __future__ import annotations

import json
import os
import random
import string
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.action.in_worker import call_main

SAMPLES = Path(__file__).parent / "samples"
DIGEST = "sha256:" + "3f" * 32
IMAGE = f"registry.example/hasivu/web@{DIGEST}"
SCRIPT = """#!{python}
import json, os, sys, time
arguments = sys.argv[1:]
with open({calls!r}, "a") as file:
    file.write(json.dumps({{"arguments": arguments, "environment": dict(os.environ)}}) + "\\n")
answers = json.load(open({answers!r}))
kind = next((name for name in answers if name in arguments), "else")
answer = answers[kind]
time.sleep(answer.get("sleep", 0))
if answer.get("report") is not None:
    open(arguments[arguments.index("--report-path") + 1], "w").write(answer["report"])
sys.stdout.write(answer.get("out", ""))
sys.stderr.write(answer.get("err", ""))
sys.exit(answer.get("code", 0))
"""


@dataclass(frozen=True)
class Fake:
    """A program that answers as it is told, by the first word of its answers that stands among its arguments."""

    path: Path

    @classmethod
    def make(cls, folder: Path, name: str, answers: dict[str, dict[str, Any]]) -> Fake:
        """Write the program."""
        fake = cls(folder / name)
        fake.answer(answers)
        fake.path.write_text(
            SCRIPT.format(python=sys.executable, calls=str(fake.calls), answers=str(folder / f"{name}.answers"))
        )
        fake.path.chmod(0o755)
        return fake

    @property
    def calls(self) -> Path:
        """Return the file that holds how it was called."""
        return self.path.with_suffix(".calls")

    def answer(self, answers: dict[str, dict[str, Any]]) -> None:
        """Let it answer otherwise."""
        self.path.with_name(f"{self.path.name}.answers").write_text(json.dumps(answers))

    def called(self) -> list[dict[str, Any]]:
        """Return every call: arguments and environment."""
        return [json.loads(line) for line in self.calls.read_text().splitlines()]


def sample(name: str, **replaced: str) -> str:
    """Return a sample, with some words of it replaced."""
    text = (SAMPLES / name).read_text()
    for old, new in {"DIGEST": DIGEST, **replaced}.items():
        text = text.replace(old, new)
    return text


def artifacts(images: bool = True, commits: list[str] | None = None) -> dict[str, Any]:
    """Return what runs."""
    image = {"image": IMAGE, "digest": DIGEST, "workloads": ["web"], "pods": 1}
    empty: dict[str, Any] = {"functions": [], "findings": [], "sections": [], "unknown": []}
    return {"images": [image] if images else [], "commits": commits or [], **empty}


def scan(directory: Path, **options: Any) -> dict[str, Any]:
    """Run the module and return its result."""
    directory.mkdir(exist_ok=True)
    given = {"directory": str(directory), "repositories": [], "artifacts": artifacts(), **options}
    result: dict[str, Any] = json.loads(call_main("hasivu.ops.security_scan", {**given, "_ansible_remote_tmp": "/tmp"}))
    return result


def keys(result: dict[str, Any]) -> set[str]:
    """Return the keys of the findings."""
    return {found["key"] for found in result["findings"]}


def kept(directory: Path) -> list[dict[str, Any]]:
    """Return the scans that were kept in the record."""
    scans: list[dict[str, Any]] = json.loads((directory / "scans" / "scans.json").read_text())["scans"]
    return scans


def everything(directory: Path) -> str:
    """Return all that was written into a record."""
    return "".join(path.read_text() for path in directory.rglob("*") if path.is_file())


def repository(folder: Path, *versions: dict[str, str]) -> tuple[str, str]:
    """Make a git repository with one commit for each version of its files, and return its path and newest commit."""
    folder.mkdir()
    git(folder, "init", "--quiet")
    for files in versions:
        for name, content in files.items():
            (folder / name).write_text(content)
        git(folder, "add", "--all")
        git(folder, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "files")
    return str(folder), git(folder, "rev-parse", "HEAD").strip()


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it printed."""
    settings = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=settings, check=True, capture_output=True, text=True).stdout


def planted_key() -> str:
    """Return what looks like an access key, with as little order in it as scanners expect of one."""
    return "AKIA" + "".join(random.sample(string.ascii_uppercase + "234567", 16))
