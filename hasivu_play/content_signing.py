"""The content of a project, signed as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import project_content
from ansible_collections.hasivu.ops.plugins.module_utils.signature import fingerprint

from hasivu_play.approve import sign
from hasivu_play.errors import UsageError
from hasivu_play.project import Project


def sign_project(project: Project, key: Path) -> dict[str, Any]:
    """Write the checksums of a project and their signature, and return how many files and whose key they hold.

    Raises:
        UsageError: Something in the project would not be seen by checksums, or the key cannot sign.
    """
    if hidden := list(project_content.hidden(project.root)):
        raise UsageError(f"{', '.join(hidden)}: links and folders like this are passed over. Put real files there.")
    if not (project.root / project_content.RULES).is_file():
        raise UsageError(f"{project.root} has no {project_content.RULES}, which says what is signed. Write it.")
    content = project_content.checksums_of(project.root).encode()
    armored = sign(content, key, project_content.NAMESPACE)
    (project.root / project_content.FOLDER).mkdir(exist_ok=True)
    for name, written in ((project_content.CHECKSUMS, content), (project_content.SIGNATURE, armored.encode("ascii"))):
        (project.root / name).write_bytes(written)
    return {"files": content.count(b"\n"), "signer": signer_of(project.root, content), "project": str(project.root)}


def signer_of(root: Path, content: bytes) -> str:
    """Return the fingerprint of the key that has just signed."""
    key = project_content.signing_key(content, root / project_content.SIGNATURE, project_content.NAMESPACE)
    if key is None:
        raise UsageError("Projects are signed with Ed25519 or RSA keys, and this is another kind. Use such a key.")
    return str(fingerprint(key))
