"""A small certificate authority: a root, an intermediate, and the certificates that it signs for servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ORGANIZATION = "HASIVU Sandbox"
SERVER_DAYS = 365
AUTHORITY_DAYS = 3650
NOTHING = dict.fromkeys(
    ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
     "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False
)  # fmt: skip

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Issued:
    """A certificate and the key that belongs to it."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> str:
        """Return the certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """Return the private key as PEM."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def new_key() -> Key:
    """Return a new key on the curve that web servers use."""
    return ec.generate_private_key(ec.SECP256R1())


def make_root(name: str, now: datetime, key: Key | None = None) -> Issued:
    """Return a self-signed authority."""
    return make_authority(name, now, key or new_key(), None, path_length=1)


def make_intermediate(name: str, now: datetime, root: Issued) -> Issued:
    """Return an authority below another one, which signs servers and no further authority."""
    return make_authority(name, now, new_key(), root, path_length=0)


def make_authority(name: str, now: datetime, key: Key, issuer: Issued | None, path_length: int) -> Issued:
    """Return the certificate of an authority."""
    draft = begin(name, key, issuer, now - timedelta(days=1), now + timedelta(days=AUTHORITY_DAYS))
    draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    usage = x509.KeyUsage(**{**NOTHING, "key_cert_sign": True, "crl_sign": True})
    return sign(draft.add_extension(usage, critical=True), key, issuer)


def make_server(names: Sequence[str], end: datetime, issuer: Issued) -> Issued:
    """Return the certificate of a server that ends at a moment and covers these names, the first one its subject.

    A name may be an address.
    """
    key = new_key()
    draft = begin(names[0], key, issuer, end - timedelta(days=SERVER_DAYS), end)
    draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    draft = draft.add_extension(x509.SubjectAlternativeName(list(map(covered, names))), critical=False)
    draft = draft.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    usage = x509.KeyUsage(**{**NOTHING, "digital_signature": True})
    return sign(draft.add_extension(usage, critical=True), key, issuer)


def covered(name: str) -> x509.GeneralName:
    """Return a host or an address as a certificate names it."""
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def begin(name: str, key: Key, issuer: Issued | None, start: datetime, end: datetime) -> x509.CertificateBuilder:
    """Return what every certificate has: names, key, serial number, dates and the identifiers of both keys."""
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    signer = issuer.certificate.subject if issuer else subject
    signer_key = issuer.key if issuer else key
    draft = x509.CertificateBuilder(signer, subject, key.public_key(), x509.random_serial_number(), start, end)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    theirs = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_key.public_key())
    return draft.add_extension(own, critical=False).add_extension(theirs, critical=False)


def sign(draft: x509.CertificateBuilder, key: Key, issuer: Issued | None) -> Issued:
    """Return the certificate signed by its issuer, or by itself."""
    return Issued(draft.sign((issuer.key if issuer else key), hashes.SHA256()), key)
