"""What is missing or wrong on this machine."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from hasivu_play.doctor_check import Check
from hasivu_play.home import home

OLDEST_PYTHON = (3, 11)
OLDEST_ANSIBLE = (2, 19)
FREE_MEGABYTES = 200


def check_machine() -> Iterator[Check]:
    """Look at what every environment needs."""
    yield check_python()
    yield check_ansible()
    yield check_program("ansible-playbook", "Install hasivu-play anew, with its dependencies.")
    yield check_collection()
    yield check_state_folder()
    yield check_room()
    yield check_ssh_keygen()


def check_python() -> Check:
    """Look at the version of Python."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", sys.version_info >= OLDEST_PYTHON, f"Python {version}", "Use Python 3.11 or newer.")


def check_ansible() -> Check:
    """Look at the version of ansible-core."""
    mend = "Install ansible 12.3 or newer."
    try:
        version = importlib.metadata.version("ansible-core")
    except importlib.metadata.PackageNotFoundError:
        return Check("ansible", ok=False, says="ansible-core is not installed", mend=mend)
    numbers = tuple(int(part) for part in version.split(".")[:2])
    return Check("ansible", numbers >= OLDEST_ANSIBLE, f"ansible-core {version}", mend)


def check_program(name: str, mend: str) -> Check:
    """Look for a program beside this Python."""
    path = Path(sys.executable).with_name(name)
    return Check(name, path.exists(), str(path) if path.exists() else f"{path} does not exist", mend)


def check_collection() -> Check:
    """Look for the collection with our modules."""
    mend = "Install hasivu-play anew; a checkout wants `pip install --editable`."
    try:
        found = importlib.util.find_spec("ansible_collections.hasivu.ops.plugins")
    except ModuleNotFoundError:
        found = None
    places = list(found.submodule_search_locations or []) if found else []
    return Check("collection", bool(places), f"hasivu.ops in {places[0]}" if places else "hasivu.ops is missing", mend)


def check_state_folder() -> Check:
    """Look whether only this user can read the state folder."""
    folder = home()
    if not folder.exists():
        return Check("state folder", ok=True, says=f"{folder} is made by the first run")
    open_to_others = folder.stat().st_mode & 0o077
    return Check("state folder", not open_to_others, str(folder), f"Run: chmod 700 {folder}")


def check_room() -> Check:
    """Look whether a record can be written in full."""
    folder = home()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free // 2**20
    return Check("room", free >= FREE_MEGABYTES, f"{free} MB free for records", f"Free {FREE_MEGABYTES} MB there.")


def check_ssh_keygen() -> Check:
    """Look for ssh-keygen, which is worth having but not needed."""
    found = shutil.which("ssh-keygen")
    return Check("ssh-keygen", ok=True, says=found or "absent; only needed to verify a record without hasivu-play")
