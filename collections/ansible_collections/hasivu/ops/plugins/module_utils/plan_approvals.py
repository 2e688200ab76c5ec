# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose signatures under a plan count: known people, at that time, and never the one who runs."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.hasivu.ops.plugins.module_utils.plan_document import NAMESPACE, Plan
from ansible_collections.hasivu.ops.plugins.module_utils.record_signers import may_sign
from ansible_collections.hasivu.ops.plugins.module_utils.signature import fingerprint

if TYPE_CHECKING:
    from sshsig.allowed_signers import AllowedSigner

PATTERN = re.compile(r"[*?!]")
LARGEST = 64 * 1024


@dataclass(frozen=True)
class Approval:
    """A signature that counts."""

    principal: str
    fingerprint: str
    file: Path


@dataclass
class Approvals:
    """The signatures that count, and why each of the others does not."""

    counted: list[Approval] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def approvals_of(plan: Plan, signers: Path, moment: str, runner: Collection[str]) -> Approvals:
    """Judge every signature beside a plan.

    Args:
        plan: The plan.
        signers: The `allowed_signers` of the environment.
        moment: When the signatures must be valid, as RFC 3339 writes it.
        runner: The principals of the person who runs, which never count.
    """
    found = Approvals()
    known, problem = read_signers(signers)
    if problem:
        found.refused.append(problem)
    for path in plan.signature_files():
        approval, reason = judge(plan, path, known, moment, runner)
        if approval and approval.principal in {one.principal for one in found.counted}:
            approval, reason = None, f"{path.name} is of {approval.principal}, who is counted once."
        if approval:
            found.counted.append(approval)
        else:
            found.refused.append(reason)
    return found


def read_signers(path: Path) -> tuple[list[AllowedSigner], str]:
    """Return the signers of an environment, or why they cannot be read."""
    from sshsig.allowed_signers import load_allowed_signers_file

    try:
        with path.open(encoding="ascii") as file:
            return list(load_allowed_signers_file(file)), ""
    except OSError as error:
        return [], f"The signers {path} cannot be read ({error.strerror})."
    except (ValueError, NotImplementedError) as error:
        return [], f"The signers {path} cannot be read ({error})."


def judge(
    plan: Plan, path: Path, known: list[AllowedSigner], moment: str, runner: Collection[str]
) -> tuple[Approval | None, str]:
    """Return the approval that a signature is, or why it is none."""
    key = key_that_signed(plan.content, path)
    if key is None:
        return None, f"{path.name} is no signature of this plan in the namespace {NAMESPACE}."
    mark = fingerprint(key)
    same = [signer for signer in known if signer.base64_key == key.split()[1]]
    allowed = [signer for signer in same if may_sign(signer.options or {}, moment, NAMESPACE)]
    if not same:
        return None, f"{path.name} is of the key {mark}, which nobody here knows."
    if not allowed:
        return None, f"{path.name} is of {principal_of(same[0])}, whose key may not sign plans at {moment}."
    principal = principal_of(allowed[0])
    if PATTERN.search(principal):
        return None, f"{path.name} is of the key {mark}, whose entry '{principal}' names no person."
    names = {name for signer in same for name in signer.principals.split(",")}
    if names & set(runner):
        return None, f"{path.name} is of {principal}, who runs, and nobody approves a run of their own."
    return Approval(principal, mark, path), ""


def principal_of(signer: AllowedSigner) -> str:
    """Return the person whom an entry names first."""
    return str(signer.principals.split(",")[0])


def key_that_signed(content: bytes, path: Path) -> str | None:
    """Return the public key that signed, or nothing when the file is no such signature."""
    from sshsig import InvalidSignature, check_signature

    try:
        if path.stat().st_size > LARGEST:
            return None
        return str(check_signature(content, path.read_bytes(), NAMESPACE).openssh_str())
    except (InvalidSignature, NotImplementedError, ValueError, AssertionError, OSError):
        return None


def runner_of(who: dict[str, Any], operators: dict[str, str]) -> tuple[set[str], str]:
    """Return the principals of the person who runs, or why they are not known.

    A login that the inventory maps to nobody is not a known person, however it is called: without this an approver
    could run under another login.
    """
    logins = [str(who[name]) for name in ("awx_user", "sudo_user", "login_user", "user") if who.get(name)]
    people = {str(operators[login]) for login in logins if login in operators}
    if people:
        return people, ""
    named = " or ".join(dict.fromkeys(logins)) or "nobody"
    return set(), f"Nobody knows who runs as {named}. Name the signer of that login under operators in the inventory."
