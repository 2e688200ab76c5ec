# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""OpenSSH signatures of records and plans, as `ssh-keygen -Y sign` makes them (PROTOCOL.sshsig of OpenSSH)."""

from __future__ import annotations

import base64
import hashlib
import struct
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NAMESPACE = "hasivu-play-record"
MAGIC = b"SSHSIG"
VERSION = 1
HASH = "sha512"


class SigningKeyError(Exception):
    """Raised when a key cannot sign: its text says which key, why, and what to do."""


def load_key(path: str) -> Ed25519PrivateKey:
    """Read an Ed25519 private key in OpenSSH format that has no passphrase.

    Raises:
        SigningKeyError: There is no such key, or it is of another kind.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    try:
        key = load_ssh_private_key(Path(path).expanduser().read_bytes(), password=None)
    except OSError as error:
        raise SigningKeyError(f"the signing key {path} cannot be read ({error.strerror})") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SigningKeyError(f"the signing key {path} is no OpenSSH private key without a passphrase") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"the signing key {path} is not an Ed25519 key; make one with ssh-keygen -t ed25519")
    return key


def public_key(key: Ed25519PrivateKey) -> str:
    """Return the public half as one line of an `authorized_keys` file, without comment."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")


def fingerprint(public: str) -> str:
    """Return what `ssh-keygen -l` prints for a public key."""
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


def sign(key: Ed25519PrivateKey, message: bytes, namespace: str = NAMESPACE) -> str:
    """Return the armored signature of a message in a namespace, by default that of records."""
    head = (namespace.encode(), b"", HASH.encode())
    signed = MAGIC + pack(*head, hashlib.new(HASH, message).digest())
    signature = pack(b"ssh-ed25519", key.sign(signed))
    blob = base64.b64decode(public_key(key).split()[1])
    return armor(MAGIC + struct.pack("!L", VERSION) + pack(blob, *head, signature))


def pack(*parts: bytes) -> bytes:
    """Join byte strings, each behind its length, as SSH writes them."""
    return b"".join(struct.pack("!L", len(part)) + part for part in parts)


def armor(blob: bytes) -> str:
    """Write a signature as text."""
    body = "\n".join(textwrap.wrap(base64.b64encode(blob).decode("ascii"), 70))
    return f"-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----\n"
