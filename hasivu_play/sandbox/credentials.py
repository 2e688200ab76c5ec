"""The secrets of a sandbox: random, made once, each in a file that only its owner can read."""

from __future__ import annotations

import json
import secrets
import string

from hasivu_play.sandbox.layout import Layout, write_private

DATABASE_ROLES = (
    "hasivu_admin",
    "hasivu_maint",
    "hasivu_monitor",
    "hasivu_rotator",
    "hasivu_app_a",
    "hasivu_app_b",
)
REPORTS_KEY = "access_key_reports"
SIGNING_KEY = "record_ed25519"
SIGNING_KEY_COMMENT = "sandbox@hasivu-play"


def make_credentials(layout: Layout) -> None:
    """Make whatever secret does not exist yet."""
    for name in ("database_admin", "redis_admin", *(f"database_{role}" for role in DATABASE_ROLES)):
        if not layout.credential(name).exists():
            write_private(layout.credential(name), secrets.token_urlsafe(24))
    if not layout.credential("redis").exists():
        write_private(layout.credential("redis"), secrets.token_hex(20))  # an AUTH token of ElastiCache has no `_`
    if not layout.credential("pgpass").exists():
        password = layout.read_credential("database_admin")
        write_private(layout.credential("pgpass"), f"127.0.0.1:*:*:postgres:{password}\n")
    if not layout.credential(REPORTS_KEY).exists():
        write_private(layout.credential(REPORTS_KEY), json.dumps(new_access_key()) + "\n")
    if not layout.credential(f"{SIGNING_KEY}.pub").exists():
        make_signing_key(layout)
    make_front_door(layout)


def make_front_door(layout: Layout) -> None:
    """Make the certificates of the front door; a run that finds them does not load what makes them."""
    if not (layout.root / "edge" / "certificates" / "root.pem").exists():
        from hasivu_play.sandbox.edge.certificates import make_certificates

        make_certificates(layout)


def new_access_key() -> dict[str, str]:
    """Return an access key in the form of AWS; its letters cannot be taken for an account number."""
    letters = "".join(secrets.choice(string.ascii_uppercase) for _ in range(16))
    return {"access_key_id": f"AKIA{letters}", "secret_access_key": secrets.token_urlsafe(30)}


def make_signing_key(layout: Layout) -> None:
    """Make the Ed25519 key that signs records, in the format of OpenSSH."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    write_private(layout.credential(SIGNING_KEY), private.decode())
    write_private(layout.credential(f"{SIGNING_KEY}.pub"), f"{public.decode()} {SIGNING_KEY_COMMENT}\n")
