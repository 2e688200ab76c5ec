# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands in an X.509 certificate, as plain data; and whether it covers a host."""

from __future__ import annotations

import hashlib
import ipaddress
import traceback
from datetime import datetime
from typing import Any

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
except ImportError:
    CRYPTOGRAPHY_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    CRYPTOGRAPHY_IMPORT_ERROR = None


class CertificateError(Exception):
    """Raised when a text or a file is no certificate; the sentence never holds what was in it."""


def read_pem(text: str) -> list[x509.Certificate]:
    """Return the certificates of a PEM text, in their order.

    Raises:
        CertificateError: There is none, or one of them is broken.
    """
    try:
        return list(x509.load_pem_x509_certificates(text.encode()))
    except ValueError as error:
        raise CertificateError("holds no certificate in PEM form that can be read") from error


def read_der(content: bytes) -> x509.Certificate:
    """Return a certificate as it comes out of a handshake.

    Raises:
        CertificateError: It is broken.
    """
    try:
        return x509.load_der_x509_certificate(content)
    except ValueError as error:
        raise CertificateError("is no certificate that can be read") from error


def read_bundle(path: str) -> list[x509.Certificate]:
    """Return the certificates of a file.

    Raises:
        CertificateError: The file is missing, or is no bundle of certificates.
    """
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 (modules take paths as text)
            return read_pem(file.read())
    except (OSError, UnicodeDecodeError) as error:
        raise CertificateError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error


def facts(certificate: x509.Certificate) -> dict[str, Any]:
    """Return what a review wants to know of a certificate."""
    kind, bits = key_of(certificate)
    return {
        "subject": name_text(certificate.subject),
        "names": names_of(certificate),
        "issuer": name_text(certificate.issuer),
        "serial": f"{certificate.serial_number:x}",
        "not_before": instant(certificate.not_valid_before_utc),
        "not_after": instant(certificate.not_valid_after_utc),
        "key_type": kind,
        "key_bits": bits,
        "signature": signature_of(certificate),
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
    }


def thumbprint(certificate: x509.Certificate) -> str:
    """Return the SHA-1 of a certificate, by which RDS names its authorities; nothing is signed with it."""
    return hashlib.sha1(certificate.public_bytes(Encoding.DER), usedforsecurity=False).hexdigest()


def instant(moment: datetime) -> str:
    """Return a moment as RFC 3339."""
    return moment.isoformat().replace("+00:00", "Z")


def name_text(name: x509.Name) -> str:
    """Return the common name, or the whole name where it has none."""
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def names_of(certificate: x509.Certificate) -> list[str]:
    """Return the hosts and addresses that a certificate is for; clients look at no other field."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return []
    hosts = [name.lower() for name in extension.value.get_values_for_type(x509.DNSName)]
    return hosts + [str(address) for address in extension.value.get_values_for_type(x509.IPAddress)]


def key_of(certificate: x509.Certificate) -> tuple[str, int]:
    """Return kind and size of the key."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "EC", key.curve.key_size
    return type(key).__name__.strip("_").removesuffix("PublicKey"), getattr(key, "key_size", 256)


def signature_of(certificate: x509.Certificate) -> str:
    """Return the digest of the signature, such as `sha256`; schemes without one have a name of their own."""
    try:
        digest = certificate.signature_hash_algorithm
    except Exception:  # cryptography raises UnsupportedAlgorithm for what it does not know
        return certificate.signature_algorithm_oid.dotted_string
    return digest.name if digest else "built-in"


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate may sign others."""
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError):
        return False


def key_belongs(certificate: x509.Certificate, key_pem: str) -> bool:
    """Tell whether a private key is that of a certificate; one that cannot be read is not."""
    try:
        key = load_pem_private_key(key_pem.encode(), None)
    except Exception:  # nothing of the key may reach a message
        return False
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return bool(key.public_key().public_bytes(*form) == certificate.public_key().public_bytes(*form))


def covers(names: list[str], host: str) -> bool:
    """Tell whether one of the names of a certificate is that of a host (RFC 6125: `*` stands for one whole label)."""
    wanted = host.lower().rstrip(".")
    if is_address(wanted):
        return any(is_address(name) and ipaddress.ip_address(name) == ipaddress.ip_address(wanted) for name in names)
    _, _, parent = wanted.partition(".")
    wildcard = f"*.{parent}" if "." in parent else None
    return any(name.lower().rstrip(".") in (wanted, wildcard) for name in names)


def is_address(text: str) -> bool:
    """Tell whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
