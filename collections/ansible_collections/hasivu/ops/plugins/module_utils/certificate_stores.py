# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The certificates that IAM and Kubernetes hold; a private key is compared where it was read, and goes no further."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.certificate import (
    CertificateError,
    facts,
    key_belongs,
    read_pem,
)
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import Cluster, path_of

PAGE = 500
TLS_SECRETS = {"fieldSelector": "type=kubernetes.io/tls"}


def read_iam(iam: Any) -> list[dict[str, Any]]:
    """Return every server certificate of IAM.

    Raises:
        ClientError: IAM refuses.
        BotoCoreError: IAM does not answer.
    """
    pages = iam.get_paginator("list_server_certificates").paginate()
    return [read_server(iam, entry) for page in pages for entry in page["ServerCertificateMetadataList"]]


def read_server(iam: Any, entry: dict[str, Any]) -> dict[str, Any]:
    """Return one server certificate with what stands in it."""
    answer = iam.get_server_certificate(ServerCertificateName=entry["ServerCertificateName"])
    return {"store": "IAM", "id": entry["Arn"], **content_of(answer["ServerCertificate"]["CertificateBody"])}


def content_of(pem: str) -> dict[str, Any]:
    """Return what stands in a certificate, or that it cannot be read."""
    try:
        return facts(read_pem(pem)[0])
    except CertificateError as error:
        return {"broken": str(error)}


def read_secrets(cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
    """Return the certificate of every TLS Secret of a namespace.

    Raises:
        KubernetesError: The API server does not answer, or refuses.
    """
    secrets = read_list(cluster, path_of("v1", "secrets", namespace), TLS_SECRETS)
    return [read_secret(secret, namespace) for secret in secrets]


def read_secret(secret: dict[str, Any], namespace: str) -> dict[str, Any]:
    """Return the certificate of a Secret, and whether the key beside it is the right one."""
    head = {"store": "Kubernetes", "id": f"{namespace}/{secret['metadata']['name']}"}
    data = secret.get("data") or {}
    try:
        pem, key = (base64.b64decode(data.get(name, "")).decode() for name in ("tls.crt", "tls.key"))
        certificate = read_pem(pem)[0]
    except (CertificateError, binascii.Error, UnicodeDecodeError):
        return {**head, "broken": "holds no certificate in PEM form that can be read"}
    return {**head, "key_belongs": key_belongs(certificate, key), **facts(certificate)}


def read_ingresses(cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
    """Return hosts and Secret of each TLS entry of every Ingress.

    Raises:
        KubernetesError: The API server does not answer, or refuses.
    """
    found = []
    for ingress in read_list(cluster, path_of("networking.k8s.io/v1", "ingresses", namespace), {}):
        for entry in ingress["spec"].get("tls") or []:
            name = f"{namespace}/{ingress['metadata']['name']}"
            secret = f"{namespace}/{entry['secretName']}" if entry.get("secretName") else ""
            found.append({"ingress": name, "hosts": entry.get("hosts") or [], "secret": secret})
    return found


def read_list(cluster: Cluster, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
    """Return the objects of all pages of a list."""
    found: list[dict[str, Any]] = []
    position = ""
    while True:
        page = cluster.request("GET", path, query={**query, "limit": str(PAGE), "continue": position})
        found += page["items"]
        position = page["metadata"].get("continue", "")
        if not position:
            return found
