# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How RDS and ElastiCache protect connections: the authority of the database, and whether the cache speaks TLS."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from ansible_collections.hasivu.ops.plugins.module_utils.certificate import (
    CertificateError,
    instant,
    read_bundle,
    thumbprint,
)

if TYPE_CHECKING:
    from cryptography import x509


def read_database(rds: Any, instance_id: str, bundle: str) -> dict[str, Any]:
    """Return when the certificate of an instance ends, its authorities, and whether clients trust them.

    Raises:
        ClientError: RDS refuses.
        BotoCoreError: RDS does not answer.
    """
    instance = rds.describe_db_instances(DBInstanceIdentifier=instance_id)["DBInstances"][0]
    endpoint = instance.get("Endpoint") or {}
    details = instance.get("CertificateDetails") or {}
    pending = (instance.get("PendingModifiedValues") or {}).get("CACertificateIdentifier")
    names = dict.fromkeys(name for name in (instance["CACertificateIdentifier"], pending) if name)
    return {
        "id": instance_id,
        "address": endpoint.get("Address", ""),
        "port": endpoint.get("Port", 0),
        "certificate_ends": instant(details["ValidTill"].astimezone(UTC)) if "ValidTill" in details else "",
        "bundle": bundle,
        "authorities": [read_authority(rds, name, bundle) for name in names],
    }


def read_authority(rds: Any, name: str, bundle: str) -> dict[str, Any]:
    """Return when an authority of RDS ends, and whether the bundle of the clients holds it."""
    known = rds.describe_certificates(CertificateIdentifier=name)["Certificates"][0]
    return {"name": name, "ends": instant(known["ValidTill"].astimezone(UTC)), **trust(bundle, known["Thumbprint"])}


def trust(bundle: str, named: str) -> dict[str, Any]:
    """Return whether the bundle of the clients holds an authority, or why that cannot be told."""
    try:
        return {"trusted": holds(read_bundle(bundle), named), "bundle_problem": ""}
    except CertificateError as error:
        return {"trusted": False, "bundle_problem": str(error)}


def holds(bundle: list[x509.Certificate], named: str) -> bool:
    """Tell whether one of the certificates has a thumbprint, which RDS makes with SHA-1."""
    wanted = named.lower().replace(":", "")
    return any(thumbprint(certificate) == wanted for certificate in bundle)


def read_cache(elasticache: Any, group_id: str) -> dict[str, Any]:
    """Return whether a replication group encrypts its connections.

    Raises:
        ClientError: ElastiCache refuses.
        BotoCoreError: ElastiCache does not answer.
    """
    group = elasticache.describe_replication_groups(ReplicationGroupId=group_id)["ReplicationGroups"][0]
    return {
        "id": group_id,
        "encrypted": bool(group.get("TransitEncryptionEnabled")),
        "mode": group.get("TransitEncryptionMode") or "",
    }
