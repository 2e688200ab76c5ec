# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a project still is as somebody signed it: its files by the checksums of ansible-sign, those by OpenSSH.

The checksums and the rules of MANIFEST.in are those of ansible-sign, so that its own command and AWX can verify the
same folder. Its signature is GPG's; this one is made by the SSH keys that sign plans and records.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.hasivu.ops.plugins.module_utils.record_signers import keys_in, signing_key
from ansible_collections.hasivu.ops.plugins.module_utils.signature import fingerprint

NAMESPACE = "hasivu-play-project"
FOLDER = ".ansible-sign"
CHECKSUMS = f"{FOLDER}/sha256sum.txt"
SIGNATURE = f"{FOLDER}/sha256sum.txt.sshsig"
RULES = "MANIFEST.in"
# What Ansible and Python load from; ansible-sign passes links over, and whatever lies in folders of its own name.
LOADED = ("playbooks", "roles", "inventory", "collections", "hasivu_play")
NAMED = 5
MEND = "Bring the signed release back, or have what changed reviewed and signed with: hasivu-play project sign"


@dataclass(frozen=True)
class Verdict:
    """How many files were signed, by whom, and every sign that the project is not as it was signed."""

    files: int = 0
    signer: str = ""
    problems: list[str] = field(default_factory=list)


def verdict_of(root: Path, signers: Path) -> Verdict:
    """Verify a project without a network.

    Args:
        root: The folder of the project.
        signers: An `allowed_signers` file, which must lie elsewhere: who can change the project could change it too.
    """
    try:
        content = (root / CHECKSUMS).read_bytes()
    except OSError as error:
        return Verdict(problems=[f"The project is not signed: {CHECKSUMS} cannot be read ({error.strerror})."])
    signer, problem = signer_of(root, content, signers)
    if problem:
        return Verdict(problems=[problem])
    listed, differences = compare(root, content.decode("utf-8", "replace"))
    return Verdict(len(listed), signer, [*differences, *(f"{name} is not to be there." for name in hidden(root))])


def signer_of(root: Path, content: bytes, signers: Path) -> tuple[str, str]:
    """Return the fingerprint of the key that signed the checksums, or why none that may sign has."""
    if signers.resolve().is_relative_to(root.resolve()):
        return "", f"{signers} lies in the project that it is to vouch for. Keep project_signers elsewhere."
    try:
        key = signing_key(content, root / SIGNATURE, NAMESPACE)
    except OSError as error:
        return "", f"The project is not signed: {SIGNATURE} cannot be read ({error.strerror})."
    if key is None:
        return "", f"{SIGNATURE} is no signature of {CHECKSUMS}: one of them was altered."
    try:
        known = keys_in(signers, None, NAMESPACE)
    except (OSError, ValueError, NotImplementedError) as error:
        return "", f"The signers of projects cannot be read ({error}). Mend {signers}."
    mark = fingerprint(key)
    unknown = f"The project is signed by {mark}, which may not sign projects by {signers}."
    return (mark, "") if key.split()[1] in known else ("", unknown)


def compare(root: Path, checksums: str) -> tuple[Mapping[str, str], list[str]]:
    """Return the files that were signed, and a sentence for each way in which those that are there differ."""
    from ansible_sign.checksum import ChecksumFile, InvalidChecksumLine

    file = ChecksumFile(str(root))
    try:
        signed: dict[str, str] = file.parse(checksums)
        there = file.calculate_checksums_from_root(verifying=True)
    except InvalidChecksumLine as error:
        return {}, [f"{CHECKSUMS} cannot be read: {error}."]
    except OSError as error:
        return {}, [f"{error.filename} cannot be read ({error.strerror})."]
    changed = [name for name in signed.keys() & there.keys() if signed[name] != there[name]]
    ways = {"added": there.keys() - signed.keys(), "removed": signed.keys() - there.keys(), "changed": changed}
    return signed, [sentence(way, sorted(names)) for way, names in ways.items() if names]


def sentence(way: str, names: list[str]) -> str:
    """Return which files were added, removed or changed; of many, the first."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{way.capitalize()} since it was signed: {', '.join(names[:NAMED])}{more}."


def checksums_of(root: Path) -> str:
    """Return the checksums of the files that the rules of the project name, as sha256sum writes them.

    Raises:
        OSError: A file, or the rules, cannot be read.
    """
    from ansible_sign.checksum import ChecksumFile

    return str(ChecksumFile(str(root)).generate_gnu_style())


def hidden(root: Path) -> Iterator[str]:
    """Return what checksums do not see where Ansible loads from: links, and folders that are passed over."""
    links = [place for place in LOADED if (root / place).is_symlink()]
    yield from links
    for place in sorted(set(LOADED) - set(links)):
        for folder, folders, files in os.walk(root / place):
            for name in sorted([*folders, *files]):
                if name == FOLDER or Path(folder, name).is_symlink():
                    yield str(Path(folder, name).relative_to(root))
