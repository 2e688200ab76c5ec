"""The certificates of a sandbox: made once, keys among the credentials, all that is public with the front door."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hasivu_play.sandbox.edge import authority
from hasivu_play.sandbox.edge.authority import Issued
from hasivu_play.sandbox.edge.names import EVERY, Named
from hasivu_play.sandbox.layout import Layout, write_private

PART = "edge"
ROOT = "root"
INTERMEDIATE = "intermediate"
DATABASE_ROOT = "rds-ca-rsa2048-g1"
DATABASE_ROOT_NAME = "Amazon RDS ap-south-1 Root CA RSA2048 G1, sandbox"


def make_certificates(layout: Layout) -> None:
    """Make every certificate, unless that was done before; the root is written last and says that all are there."""
    if bundle(layout).exists():
        return
    now = datetime.now(UTC).replace(microsecond=0)
    root = authority.make_root("HASIVU Sandbox Root", now)
    intermediate = authority.make_intermediate("HASIVU Sandbox Issuing", now, root)
    keep_key(layout, ROOT, root)
    keep_key(layout, INTERMEDIATE, intermediate)
    write_private(public_file(layout, INTERMEDIATE), intermediate.pem)
    for name, named in EVERY.items():
        keep_server(layout, name, named, now, intermediate)
    make_database_root(layout, now)
    write_private(bundle(layout), root.pem)


def keep_server(layout: Layout, name: str, named: Named, now: datetime, issuer: Issued) -> None:
    """Make and keep one server's certificate, with the chain that the server hands out."""
    issued = authority.make_server([named.host(name)], now + timedelta(days=named.days), issuer)
    keep_key(layout, name, issued)
    write_private(public_file(layout, name), issued.pem + (issuer.pem if named.complete else ""))


def renew_server(layout: Layout, name: str, days: float) -> None:
    """Make and keep a server's certificate anew, signed by the same authority."""
    file = public_file(layout, INTERMEDIATE)
    key: Any = load_pem_private_key(key_file(layout, INTERMEDIATE).read_bytes(), None)
    issuer = Issued(x509.load_pem_x509_certificate(file.read_bytes()), key)
    now = datetime.now(UTC).replace(microsecond=0)
    keep_server(layout, name, replace(EVERY[name], days=days), now, issuer)


def make_database_root(layout: Layout, now: datetime) -> None:
    """Make the authority that signs the database's certificate; it signs nothing here, for the database has no TLS."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    write_private(public_file(layout, DATABASE_ROOT), authority.make_root(DATABASE_ROOT_NAME, now, key).pem)


def keep_key(layout: Layout, name: str, issued: Issued) -> None:
    """Keep a private key where only its owner can read it."""
    write_private(key_file(layout, name), issued.key_pem)


def key_file(layout: Layout, name: str) -> Path:
    """Return the file of a private key."""
    return layout.credential(f"{PART}_{name}.key")


def public_file(layout: Layout, name: str) -> Path:
    """Return the file of a certificate, followed by its chain."""
    folder = layout.part(PART) / "certificates"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{name}.pem"


def bundle(layout: Layout) -> Path:
    """Return the file of the root that clients trust."""
    return public_file(layout, ROOT)


def read_certificate(layout: Layout, name: str) -> x509.Certificate:
    """Return a certificate without its chain."""
    return x509.load_pem_x509_certificate(public_file(layout, name).read_bytes())


def read_pem(layout: Layout, name: str) -> tuple[str, str]:
    """Return a certificate and the chain behind it, each as PEM."""
    end = "-----END CERTIFICATE-----\n"
    body, _, chain = public_file(layout, name).read_text(encoding="utf-8").partition(end)
    return body + end, chain
