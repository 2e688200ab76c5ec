"""What AWS says of a certificate, read from the certificate itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

# Fields of CertificateDetail that ministack makes up.
NAMES = ("KeyAlgorithm", "SignatureAlgorithm", "Serial", "Subject", "Issuer")
CURVES = {"secp256r1": "prime256v1"}


def describe(content: x509.Certificate) -> dict[str, Any]:
    """Return names, dates, key and issuer of a certificate."""
    name = common_name(content.subject)
    return {
        "DomainName": name,
        "SubjectAlternativeNames": alternative_names(content) or [name],
        "NotBefore": timestamp(content.not_valid_before_utc),
        "NotAfter": timestamp(content.not_valid_after_utc),
        "KeyAlgorithm": key_algorithm(content),
        "SignatureAlgorithm": signature_algorithm(content),
        "Serial": content.serial_number.to_bytes((content.serial_number.bit_length() + 7) // 8).hex(":"),
        "Subject": f"CN={name}",
        "Issuer": common_name(content.issuer),
    }


def common_name(name: x509.Name) -> str:
    """Return the common name, or an empty text."""
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def alternative_names(content: x509.Certificate) -> list[str]:
    """Return the DNS names of a certificate."""
    try:
        names = content.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return names.value.get_values_for_type(x509.DNSName)


def key_algorithm(content: x509.Certificate) -> str:
    """Return the algorithm of the key as ACM names it, such as `RSA_2048` or `EC_prime256v1`."""
    key = content.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA_{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC_{CURVES.get(key.curve.name, key.curve.name)}"
    return type(key).__name__


def signature_algorithm(content: x509.Certificate) -> str:
    """Return the algorithm of the signature as ACM names it, such as `SHA256WITHRSA`."""
    digest = content.signature_hash_algorithm.name.upper() if content.signature_hash_algorithm else ""
    scheme = "ECDSA" if "ecdsa" in content.signature_algorithm_oid._name.lower() else "RSA"
    return f"{digest}WITH{scheme}"


def belongs(content: x509.Certificate, key_pem: str) -> bool:
    """Say whether a private key is that of a certificate."""
    try:
        key = load_pem_private_key(key_pem.encode(), None)
    except (TypeError, ValueError):
        return False
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*form) == content.public_key().public_bytes(*form)


def timestamp(moment: datetime) -> str:
    """Return a moment as ministack keeps it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
