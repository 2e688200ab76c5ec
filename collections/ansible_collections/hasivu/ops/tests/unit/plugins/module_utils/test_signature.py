# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Our signatures are those of OpenSSH."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import signature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sshsig import check_signature

MESSAGE = b"a manifest\n"
OPENSSH = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_the_library_sshsig_accepts_them(key: Ed25519PrivateKey) -> None:
    signer = check_signature(MESSAGE, signature.sign(key, MESSAGE), "hasivu-play-record")
    assert signer.openssh_str() == signature.public_key(key)
    assert signer.sha256_str() in signature.fingerprint(signature.public_key(key))


@OPENSSH
def test_ssh_keygen_accepts_them(key: Ed25519PrivateKey, tmp_path: Path) -> None:
    (tmp_path / "allowed_signers").write_text(f"records@hasivu {signature.public_key(key)}\n")
    (tmp_path / "sig").write_text(signature.sign(key, MESSAGE))
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", "records@hasivu"]
    options = ["-n", "hasivu-play-record", "-s", "sig"]
    assert subprocess.run([*command, *options], input=MESSAGE, cwd=tmp_path, check=False).returncode == 0
    assert subprocess.run([*command, *options], input=b"another", cwd=tmp_path, check=False).returncode != 0


@OPENSSH
def test_a_key_of_ssh_keygen_signs(tmp_path: Path) -> None:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    armored = signature.sign(signature.load_key(str(path)), MESSAGE)
    assert check_signature(MESSAGE, armored, "hasivu-play-record").openssh_str() in path.with_suffix(".pub").read_text()


def test_a_key_that_cannot_sign_is_named_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(signature.SigningKeyError, match="cannot be read"):
        signature.load_key(str(path))
    path.write_text("no key")
    with pytest.raises(signature.SigningKeyError, match="no OpenSSH private key"):
        signature.load_key(str(path))
    other = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    with pytest.raises(signature.SigningKeyError, match="not an Ed25519 key"):
        signature.load_key(str(path))


@OPENSSH
def test_a_key_with_a_passphrase_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "a phrase", "-f", path], check=True)
    with pytest.raises(signature.SigningKeyError, match="without a passphrase"):
        signature.load_key(str(path))
