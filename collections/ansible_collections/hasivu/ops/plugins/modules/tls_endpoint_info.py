#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read the certificates that TLS endpoints serve."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: tls_endpoint_info
short_description: Read the certificates that TLS endpoints serve
version_added: 0.2.0
description:
  - Connects to every address of every endpoint, many at once, and reads the whole chain that each hands out, whatever
    is wrong with it.
  - An endpoint that cannot be reached or speaks no TLS does not fail the module; its C(error) says so.
options:
  endpoints:
    description: The endpoints.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: Name that clients use; it is sent in the handshake, and the certificate must cover it.
        type: str
        required: true
      port:
        description: Port.
        type: int
        default: 443
      address:
        description: Where to connect to; by default every address that the host resolves to.
        type: str
      protocol:
        description: What is spoken before the handshake.
        type: str
        choices: [tls, postgresql]
        default: tls
      names:
        description: Further hosts that the certificate must cover.
        type: list
        elements: str
        default: []
      renewal:
        description: Who renews the certificate, V(store) for ACM, IAM or Kubernetes, or V(certbot) on the host itself.
        type: str
        choices: [store, certbot]
        default: store
      ca_bundle:
        description: File of the authorities that clients of this endpoint trust, where it is not O(ca_bundle).
        type: path
  ca_bundle:
    description: File of the authorities that clients trust, in PEM form.
    type: path
    required: true
  seconds:
    description: How long one connection may take, handshake included.
    type: float
    default: 5
requirements:
  - cryptography >= 44
attributes:
  check_mode:
    description: The module only reads.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Read what the endpoints serve
  hasivu.ops.tls_endpoint_info:
    ca_bundle: /etc/ssl/certs/ca-certificates.crt
    endpoints:
      - host: app.example.com
      - host: db.example.com
        port: 5432
        protocol: postgresql
        ca_bundle: /etc/hasivu-play/rds-global-bundle.pem
  register: served
"""

RETURN = r"""
endpoints:
  description: What was seen, one entry for each address of each endpoint.
  returned: success
  type: list
  elements: dict
  contains:
    host: {description: Name that clients use., type: str, returned: always}
    address: {description: Address that was asked., type: str, returned: always}
    port: {description: Port., type: int, returned: always}
    protocol: {description: What was spoken before the handshake., type: str, returned: always}
    renewal: {description: Who renews the certificate., type: str, returned: always}
    names: {description: Every host that the certificate must cover., type: list, elements: str, returned: always}
    error: {description: "Why no certificate was seen; empty otherwise.", type: str, returned: always}
    version: {description: The version of TLS that was agreed upon., type: str, returned: when a certificate was seen}
    certificates:
      description: What stands in the certificates, that of the server first.
      type: list
      elements: dict
      returned: when a certificate was seen
    chain_problem:
      description: C(kind) and C(says) of what is wrong with the chain; empty when it leads to a trusted authority.
      type: dict
      returned: when a certificate was seen
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.certificate import (
    CRYPTOGRAPHY_IMPORT_ERROR,
    CertificateError,
    facts,
    read_bundle,
    read_der,
)
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_chain import chain_problem
from ansible_collections.hasivu.ops.plugins.module_utils.tls_served import TlsError, addresses_of, read_served

if TYPE_CHECKING:
    from cryptography import x509

AT_ONCE = 16
ENDPOINT = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 443},
    "address": {"type": "str"},
    "protocol": {"type": "str", "choices": ["tls", "postgresql"], "default": "tls"},
    "names": {"type": "list", "elements": "str", "default": []},
    "renewal": {"type": "str", "choices": ["store", "certbot"], "default": "store"},
    "ca_bundle": {"type": "path"},
}
KEPT = ("host", "port", "protocol", "renewal")

Bundles = dict[str, "list[x509.Certificate]"]


def main() -> None:
    """Read the bundles, look at every endpoint, return what was seen."""
    module = AnsibleModule(
        argument_spec={
            "endpoints": {"type": "list", "elements": "dict", "options": ENDPOINT, "required": True},
            "ca_bundle": {"type": "path", "required": True},
            "seconds": {"type": "float", "default": 5},
        },
        supports_check_mode=True,
    )
    if CRYPTOGRAPHY_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("cryptography"), exception=CRYPTOGRAPHY_IMPORT_ERROR)
    bundles = read_bundles(module)
    seconds = module.params["seconds"]
    with ThreadPoolExecutor(AT_ONCE) as workers:
        seen = list(workers.map(lambda endpoint: look(endpoint, bundles, seconds), module.params["endpoints"]))
    module.exit_json(changed=False, endpoints=[entry for entries in seen for entry in entries])


def read_bundles(module: AnsibleModule) -> Bundles:
    """Return the authorities of each endpoint, by the path of their file; a broken file fails the module."""
    for endpoint in module.params["endpoints"]:
        endpoint["ca_bundle"] = endpoint["ca_bundle"] or module.params["ca_bundle"]
    bundles: Bundles = {}
    for path in sorted({endpoint["ca_bundle"] for endpoint in module.params["endpoints"]}):
        try:
            bundles[path] = read_bundle(path)
        except CertificateError as error:
            module.fail_json(
                msg=f"The bundle of authorities {path} {error}. Put the file there, or mend its path in the inventory.",
                stop="bad_input",
            )
    return bundles


def look(endpoint: dict[str, Any], bundles: Bundles, seconds: float) -> list[dict[str, Any]]:
    """Return what each address of an endpoint serves."""
    kept = {name: endpoint[name] for name in KEPT}
    kept["names"] = list(dict.fromkeys([endpoint["host"], *endpoint["names"]]))
    try:
        addresses = [endpoint["address"]] if endpoint["address"] else addresses_of(endpoint["host"], endpoint["port"])
    except TlsError as error:
        return [{**kept, "address": "", "error": str(error)}]
    trusted = bundles[endpoint["ca_bundle"]]
    return [{**kept, "address": address, **look_at(endpoint, address, trusted, seconds)} for address in addresses]


def look_at(endpoint: dict[str, Any], address: str, trusted: list[x509.Certificate], seconds: float) -> dict[str, Any]:
    """Return what one address serves, or why nothing was seen of it."""
    try:
        served = read_served(endpoint["host"], address, endpoint["port"], endpoint["protocol"], seconds)
        chain = [read_der(content) for content in served.chain]
    except (CertificateError, TlsError) as error:
        return {"error": str(error)}
    if not chain:
        return {"error": "it handed out no certificate"}
    return {
        "error": "",
        "version": served.version,
        "certificates": [facts(certificate) for certificate in chain],
        "chain_problem": chain_problem(chain, trusted, datetime.now(UTC)),
    }


if __name__ == "__main__":
    main()
