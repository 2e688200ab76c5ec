# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which scanner looks at what."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import scan_checkout
from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import (
    COMMIT,
    HISTORY,
    IMAGE,
    Scan,
    ScanError,
    Scanner,
    Target,
)
from ansible_collections.hasivu.ops.plugins.module_utils.scan_scanners import BY_LOCK_FILE, SCANNERS

Planned = tuple[Scanner, Target]


def images(artifacts: list[dict[str, Any]], names: list[str], mirror: dict[str, str]) -> list[Planned]:
    """Return the scans of the images that run, each digest once, from the mirror where the inventory names one."""
    wanted = [SCANNERS[name] for name in names if SCANNERS[name].kind == IMAGE]
    digests = {artifact["digest"]: artifact["image"] for artifact in artifacts}
    targets = [Target(IMAGE, mirrored(image, mirror), digest) for digest, image in sorted(digests.items())]
    return [(scanner, target) for target in targets for scanner in wanted]


def mirrored(image: str, mirror: dict[str, str]) -> str:
    """Return the name of an image in the mirror of its registry, which needs no login."""
    registry, slash, rest = image.partition("/")
    return f"{mirror[registry]}/{rest}" if slash and registry in mirror else image


def commit(
    repository: str, revision: str, folder: Path, names: list[str], lock_files: dict[str, list[str]]
) -> tuple[list[Planned], list[Scan]]:
    """Return the scans of a deployed commit, and those that fail because a lock file is gone.

    Raises:
        ScanError: The commit cannot be laid out.
    """
    tree = folder / revision
    scan_checkout.lay_out_commit(repository, revision, tree)
    name = f"commit {revision[: scan_checkout.SHORT]}"
    planned, failed = [], []
    for scanner in [SCANNERS[name] for name in names if SCANNERS[name].kind == COMMIT]:
        if scanner.name not in BY_LOCK_FILE:
            planned.append((scanner, Target(COMMIT, name, revision, tree)))
        for file in lock_files.get(scanner.name, []):
            path = tree / file
            if path.is_file():
                digest = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
                planned.append((scanner, Target(COMMIT, f"{file} of {name}", digest, tree, file)))
            else:
                reason = f"could not look at {file}, which is not in that commit"
                failed.append(Scan(scanner.name, name, revision, COMMIT, "failed", reason))
    return planned, failed


def history(repository: str, folder: Path, names: list[str]) -> tuple[list[Planned], list[str]]:
    """Return the scans of the whole history, and the files that are too large to look at.

    Raises:
        ScanError: The repository cannot be read.
    """
    wanted = [SCANNERS[name] for name in names if SCANNERS[name].kind == HISTORY]
    if not wanted:
        return [], []
    tree = folder / "history"
    tree.mkdir()
    digest, large = scan_checkout.lay_out_history(repository, tree)
    name = f"history of {Path(repository).name}"
    places = {"gitleaks": Path(repository)}
    return [(one, Target(HISTORY, name, digest, places.get(one.name, tree))) for one in wanted], large


def unread(name: str, error: ScanError) -> Scan:
    """Return the scan that stands for all that a repository could not be asked for."""
    return Scan("git", name, name, COMMIT, "failed", f"did not take place: {error}")
