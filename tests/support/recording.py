"""Records of runs that never were, for tests that read, verify or alter them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import record, record_line, record_origin, record_seal
from ansible_collections.hasivu.ops.plugins.module_utils.record_secrets import Masker
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

RUN = "20261101T203000Z-weekly-db-sandbox-{:04x}"


def make_key(path: Path) -> Path:
    """Write an Ed25519 key pair as OpenSSH does."""
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)  # ssh-keygen takes no other
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    path.with_suffix(".pub").write_bytes(public + b" sandbox@hasivu-play\n")
    return path


def sandbox_key(home: Path) -> Path:
    """Write the key of the sandbox that belongs to a state folder."""
    return make_key(home / "sandbox" / "credentials" / "record_ed25519")


def begin(home: Path, number: int = 0, key: Path | None = None, **fields: Any) -> record.Record:
    """Open the record of a run of weekly-db by this very process."""
    name = RUN.format(number)
    opened = record.Record(home / "runs" / name, Masker())
    known = {
        "run": name,
        "procedure": "weekly-db",
        "title": "Weekly database maintenance",
        "environment": "sandbox",
        "check": False,
        "inputs": {"budget_min": 45},
        "resumes": "",
        "window_started": record_line.times()["at"],
        "who": record_origin.who(),
        "digests": {"playbook": {"path": "playbooks/weekly-db.yml", "sha256": "ab" * 32}},
        "signing_key": str(key) if key else None,
    }
    opened.append("run_started", **{**known, **fields})
    return opened


def step(opened: record.Record, number: int, name: str, outcome: str | None = "ok", **fields: Any) -> None:
    """Write a step; without an outcome only its beginning."""
    opened.append("step_started", step=number, name=name, action="debug", where="playbooks/weekly-db.yml:1")
    if outcome:
        head = {"step": number, "host": "hasivu-database", "name": name, "outcome": outcome, "seconds": 0.1}
        opened.append("step_finished", **{**head, **({"changed": True} if outcome == "changed" else {}), **fields})


def finish(opened: record.Record, key: Path | None, **fields: Any) -> Path:
    """End and seal a record, and return its folder."""
    ending = {"state": "done", "exit_code": 0, "changed": 1, "failed_step": None, "message": None, "rescued": []}
    opened.append("run_finished", **{**ending, **fields})
    opened.close()
    record_seal.seal(opened.directory, str(key) if key else None)
    return opened.directory


def sealed(home: Path, key: Path | None, number: int = 0, steps: int = 5) -> Path:
    """Write the whole record of a run that went well, and return its folder."""
    opened = begin(home, number, key)
    for count in range(1, steps + 1):
        step(opened, count, f"Step {count}", "changed" if count == 1 else "ok")
    return finish(opened, key)
