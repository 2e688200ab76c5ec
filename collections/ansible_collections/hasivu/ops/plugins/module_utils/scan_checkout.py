# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lay out what a repository holds, as files: one commit, or every version of every file that it ever held.

The repository itself is only read: no work tree is touched, and neither its hooks nor its filters run.
"""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import ScanError

SECONDS = 300
LARGEST_FILE = 2 * 1024 * 1024
SHORT = 12
AT_ONCE = 200


def git(repository: str, *arguments: str, given: bytes = b"") -> bytes:
    """Return what git prints of a repository that the inventory names, in an environment of its own.

    Raises:
        ScanError: git is missing, slow, or refuses.
    """
    fixed = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    settings = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-c", f"safe.directory={repository}", "-C", repository, *arguments]
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, env={**fixed, **settings}, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScanError(f"git did not read the repository {repository}: {type(error).__name__}") from error
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise ScanError(f"git did not read the repository {repository}: {words[0][:200]}")
    return done.stdout


def lay_out_commit(repository: str, commit: str, folder: Path) -> None:
    """Write the files of a commit into a folder.

    Raises:
        ScanError: There is no such commit, or its files cannot be written.
    """
    archive = folder.with_suffix(".tar")
    git(repository, "archive", "--format=tar", f"--output={archive}", f"{commit}^{{commit}}", "--")
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise ScanError(f"the files of commit {commit} could not be written: {error}") from error
    finally:
        archive.unlink(missing_ok=True)


def lay_out_history(repository: str, folder: Path) -> tuple[str, list[str]]:
    """Write every version of every file below `<first digits of its id>/<its path>`.

    Returns:
        What tells this history from another, and the files that were too large to be looked at.

    Raises:
        ScanError: The repository cannot be read.
    """
    listed = git(repository, "rev-list", "--objects", "--all").decode("utf-8", "surrogateescape")
    pairs = [line.partition(" ")[::2] for line in listed.splitlines() if " " in line]
    names = {identity: name for identity, name in pairs if name}
    asked = "\n".join(names).encode()
    kinds = git(repository, "cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", given=asked)
    blobs = [line.split() for line in kinds.decode().splitlines() if line.split()[1:2] == ["blob"]]
    large = [names[identity] for identity, _, size in blobs if int(size) > LARGEST_FILE]
    small = [identity for identity, _, size in blobs if int(size) <= LARGEST_FILE]
    for begin in range(0, len(small), AT_ONCE):
        write_blobs(repository, small[begin : begin + AT_ONCE], names, folder)
    heads = git(repository, "rev-list", "--all", "--count").decode().strip()
    newest = git(repository, "rev-list", "--all", "--max-count=1").decode().strip()
    return f"{newest[:SHORT]} and {heads} commits", large


def write_blobs(repository: str, identities: list[str], names: dict[str, str], folder: Path) -> None:
    """Write versions of files, whose contents git gives one after another, each below a line with its size.

    Raises:
        ScanError: The name of a file leads out of the folder.
    """
    content = git(repository, "cat-file", "--batch", given="\n".join(identities).encode())
    position = 0
    for identity in identities:
        head, _, _ = content[position : position + 200].partition(b"\n")
        begin = position + len(head) + 1
        position = begin + int(head.split()[2]) + 1
        path = folder / identity[:SHORT] / names[identity]
        if ".." in path.parts or not path.is_relative_to(folder / identity[:SHORT]):
            raise ScanError(f"git did not read the repository {repository}: a file in it would lie outside")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content[begin : position - 1])
