# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a run comes from: who started it, in which process, and the digests of what ran."""

from __future__ import annotations

import hashlib
import os
import platform
import pwd
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COLLECTION = Path(__file__).parents[2]
IGNORED = frozenset({"__pycache__", ".git", "tests"})
NO_LOGIN = str(2**32 - 1)


def who() -> dict[str, Any]:
    """Return the user and the process, so that a later command can tell whether the run still lives."""
    return {
        "user": user_name(os.getuid()),
        "uid": os.getuid(),
        "login_user": login_user(),
        "sudo_user": os.environ.get("SUDO_USER"),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "process_start": process_start(os.getpid()),
        "boot_id": boot_id(),
    }


def user_name(uid: int) -> str:
    """Return the name of a user, or the number of one who has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def login_user() -> str | None:
    """Return who logged in, whoever they became since, where the kernel keeps it."""
    uid = read_text(Path("/proc/self/loginuid"))
    return user_name(int(uid)) if uid and uid != NO_LOGIN else None


def process_start(pid: int) -> str | None:
    """Return when a process started, in ticks since the machine did, or nothing when it does not run."""
    fields = read_text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 and fields[0] not in "ZX" else None


def boot_id() -> str:
    """Return the id of this start of the machine."""
    return read_text(Path("/proc/sys/kernel/random/boot_id"))


def read_text(path: Path) -> str:
    """Return what a file of the kernel says, or nothing where it is missing."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def launcher(extra_vars: Mapping[str, Any]) -> str:
    """Tell what started the run: the name it gave itself, a job of AWX, or ansible-playbook."""
    if named := extra_vars.get("hasivu_launcher"):
        return str(named)
    job = extra_vars.get("awx_job_id") or extra_vars.get("tower_job_id")
    return f"AWX job {job}" if job else "ansible-playbook"


def awx_user(extra_vars: Mapping[str, Any]) -> str | None:
    """Return who launched a job of AWX, which it says in an extra variable."""
    name = extra_vars.get("awx_user_name") or extra_vars.get("tower_user_name")
    return str(name) if name else None


def plan_digest(path: str) -> str | None:
    """Return the digest of the plan that a run was given, or nothing where there is none that can be read."""
    try:
        return file_digest(Path(path).expanduser()) if path else None
    except OSError:
        return None


def versions(ansible_core: str) -> dict[str, str]:
    """Return the versions of what ran the playbook."""
    return {
        "ansible_core": ansible_core,
        "collection": collection_version(),
        "python": platform.python_version(),
    }


def collection_version() -> str:
    """Return the version of our collection, from whichever description is installed beside it."""
    for name in ("galaxy.yml", "MANIFEST.json"):
        found = re.search(r'^\s*"?version"?:\s*"?([0-9][^\s",]*)', read_text(COLLECTION / name), re.MULTILINE)
        if found:
            return found[1]
    return "unknown"


def digests(playbook: Path, roles: list[Path], inventories: list[Path]) -> dict[str, Any]:
    """Return one digest each of the playbook, the roles, our collection and the inventory."""
    return {
        "playbook": {"path": name_of(playbook), "sha256": file_digest(playbook)},
        "roles": tree_digest(roles),
        "collection": tree_digest([COLLECTION]),
        "inventory": tree_digest(inventories),
    }


def name_of(playbook: Path) -> str:
    """Return a playbook's path inside its project."""
    return f"{playbook.parent.name}/{playbook.name}"


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tree_digest(roots: list[Path]) -> str:
    """Return one SHA-256 over the names and contents of files and of all files below folders, in order."""
    total = hashlib.sha256()
    for root in roots:
        for path in files_below(root):
            total.update(f"{file_digest(path)}  {path.relative_to(root.parent)}\n".encode())
    return total.hexdigest()


def files_below(root: Path) -> list[Path]:
    """Return the files of a folder that matter to a run, sorted; a file stands for itself."""
    if root.is_file():
        return [root]
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in IGNORED]
        found += [Path(folder, name) for name in files if not name.endswith(".pyc")]
    return sorted(path for path in found if path.is_file())


def inventory_files(sources: list[Path]) -> list[Path]:
    """Return what an inventory is made of: its folder, or its file and the variables beside it."""
    found = []
    for source in sources:
        beside = [source.parent / name for name in ("group_vars", "host_vars")] if source.is_file() else []
        found += [path for path in (source, *beside) if path.exists()]
    return found
