"""The source of the platform as the sandbox keeps it: a git repository whose commit the deployments were built from.

It has what a scan should find: a vulnerable Python package, a vulnerable Node.js package, and a key that a later commit
took out again. The key is random and opens nothing; it is put together here, so that no key stands in this file.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import string
import subprocess
from pathlib import Path

from hasivu_play.errors import StoppedError
from hasivu_play.sandbox.layout import Layout, write_private

NAME = "repository"
AUTHOR = "HASIVU Platform Team"
ADDRESS = "platform@sandbox.hasivu.edu.in"
REQUIREMENTS = "certifi==2026.10.19\nclick==8.2.1\nrequests==2.19.1\n"
DOCKERFILE = 'FROM python:3.13-slim\nCOPY . /srv\nUSER 1000\nCMD ["python", "/srv/serve.py"]\n'
KEY_LETTERS = string.ascii_uppercase + "234567"
INTEGRITY = "sha512-FM9nNUYrRBAELZQT3xeZQ7fmMOBg6nWNmJKTcgsJeaLstP/UODVpGsr5OhXhXg6f+qtJ8uiZ+PUxkDWcgIXLw=="


def make_repository(layout: Layout) -> None:
    """Make the repository, unless it is there or the machine has no git; without it a scan says what it misses."""
    folder = layout.part(NAME)
    if (folder / "commit").exists() or shutil.which("git") is None:
        return
    tree = folder / "platform.git"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(mode=0o700)
    git(tree, "init", "--quiet", "--initial-branch=main")
    commit(tree, files() | {"settings.py": leak()}, "Import the platform")
    commit(tree, {"settings.py": 'import os\n\nEXPORT_KEY = os.environ["EXPORT_KEY"]\n'}, "Read the key from outside")
    write_private(folder / "commit", git(tree, "rev-parse", "HEAD").strip())


def deployed_commit(layout: Layout) -> str:
    """Return the commit that the deployments were built from, or nothing where there is no repository."""
    file = layout.part(NAME) / "commit"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def leak() -> str:
    """Return a settings file with a key in it that looks like one of AWS."""
    key = "AKIA" + "".join(secrets.SystemRandom().sample(KEY_LETTERS, 16))  # without order, or gitleaks passes it by
    return f'EXPORT_KEY = "{key}"\n'


def files() -> dict[str, str]:
    """Return the other files of the platform."""
    package = {"name": "hasivu-web", "version": "2026.11.2", "dependencies": {"minimist": "1.2.5"}}
    locked = {"version": "1.2.5", "integrity": INTEGRITY, "license": "MIT"}
    lock = {
        "name": "hasivu-web",
        "version": "2026.11.2",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {"": package, "node_modules/minimist": locked},
    }
    return {
        "requirements.txt": REQUIREMENTS,
        "package.json": json.dumps(package, indent=2) + "\n",
        "package-lock.json": json.dumps(lock, indent=2) + "\n",
        "Dockerfile": DOCKERFILE,
        "README.md": "# HASIVU platform\n\nOrders school lunches.\n",
    }


def commit(tree: Path, contents: dict[str, str], message: str) -> None:
    """Write files and commit them."""
    for name, content in contents.items():
        (tree / name).write_text(content, encoding="utf-8")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", f"--message={message}")


def git(tree: Path, *arguments: str) -> str:
    """Run git with nothing of the user's own settings and return what it printed."""
    fixed = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(tree), "LANG": "C.UTF-8"}
    names = {"GIT_AUTHOR_NAME": AUTHOR, "GIT_COMMITTER_NAME": AUTHOR}
    addresses = {"GIT_AUTHOR_EMAIL": ADDRESS, "GIT_COMMITTER_EMAIL": ADDRESS}
    settings = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
    done = subprocess.run(
        ["git", "-C", str(tree), *arguments],  # noqa: S607, git is looked up as its user would
        env={**fixed, **names, **addresses, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StoppedError(
            f"git could not make the repository of the sandbox: {done.stderr.strip()} Mend git, then go on."
        )
    return done.stdout
