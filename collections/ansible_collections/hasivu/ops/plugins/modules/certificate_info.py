#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read every certificate that is kept, and what their renewal depends on."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: certificate_info
short_description: Read the certificates in ACM, IAM and Kubernetes, and what protects RDS and ElastiCache
version_added: 0.2.0
description:
  - Reads ACM in two Regions whatever the kind of key, the server certificates of IAM, the TLS Secrets and Ingresses of
    a namespace, the authority of the database and whether clients trust it, whether the cache encrypts, and the DNS
    records on which renewals by ACM depend.
  - Reads from all of them at once. One that does not answer does not fail the module; it stands in RV(unread).
  - Private keys of Secrets are compared with their certificates and neither returned nor kept.
options:
  cdn_region:
    description: Region in which CloudFront looks for certificates.
    type: str
    default: us-east-1
  kubeconfig:
    description: File that names the cluster and the login.
    type: path
    required: true
  context:
    description: Context of that file; by default its current one.
    type: str
  namespace:
    description: Namespace whose Secrets and Ingresses are read.
    type: str
    required: true
  rds_instance_id:
    description: The database instance.
    type: str
    required: true
  rds_ca_bundle:
    description: File of the authorities that the clients of the database trust.
    type: path
    required: true
  replication_group_id:
    description: The replication group of the cache.
    type: str
    required: true
  nameservers:
    description: Addresses of the name servers to ask; by default those of the machine.
    type: list
    elements: str
    default: []
  nameserver_port:
    description: Port of O(nameservers).
    type: int
    default: 53
extends_documentation_fragment:
  - hasivu.ops.aws
requirements:
  - cryptography >= 44
  - dnspython >= 2.7
  - kubernetes >= 31
attributes:
  check_mode:
    description: The module only reads.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Read every certificate that is kept
  hasivu.ops.certificate_info:
    region: ap-south-1
    kubeconfig: ~/.kube/config
    namespace: production
    rds_instance_id: hasivu-production
    rds_ca_bundle: /etc/hasivu-play/rds-global-bundle.pem
    replication_group_id: hasivu-production
  register: held
"""

RETURN = r"""
certificates:
  description: Every certificate with C(store), C(id), what stands in it, and for ACM its type, users and renewal.
  returned: success
  type: list
ingresses:
  description: Hosts and Secret of each TLS entry of each Ingress.
  returned: success
  type: list
database:
  description: Where the instance is, when its certificate ends, and its authorities with C(ends) and C(trusted).
  returned: when RDS was read
  type: dict
cache:
  description: Whether the replication group encrypts its connections.
  returned: when ElastiCache was read
  type: dict
records:
  description: For each validation record of ACM where it should lead (C(value)) and where it does (C(found)).
  returned: success
  type: list
issuers:
  description: For each name of a certificate that ACM renews, who may issue for it; nothing where nobody is named.
  returned: success
  type: list
unread:
  description: What could not be read, each with C(source) and C(error).
  returned: success
  type: list
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, BOTO3_IMPORT_ERROR, new_client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.certificate import CRYPTOGRAPHY_IMPORT_ERROR
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_acm import read_acm
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_records import (
    DNSPYTHON_IMPORT_ERROR,
    make_resolver,
    read_issuers,
    read_validation,
)
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_services import read_cache, read_database
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_stores import (
    read_iam,
    read_ingresses,
    read_secrets,
)
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import KUBERNETES_IMPORT_ERROR, Cluster

SERVICES = ("acm", "iam", "rds", "elasticache")
ATTEMPTS = 4  # what does not answer after a few seconds is a finding; the review of the others goes on
AT_ONCE = 8
TEXT = {"type": "str", "required": True}
NEEDED = {
    "boto3": BOTO3_IMPORT_ERROR,
    "cryptography": CRYPTOGRAPHY_IMPORT_ERROR,
    "dnspython": DNSPYTHON_IMPORT_ERROR,
    "kubernetes": KUBERNETES_IMPORT_ERROR,
}

Answer = dict[str, Any]
Reader = Callable[[], Answer]


def main() -> None:
    """Read from every source at once, then ask for the records, and return it all."""
    module = AnsibleModule(
        argument_spec={
            **AWS_OPTIONS,
            "cdn_region": {"type": "str", "default": "us-east-1"},
            "kubeconfig": {"type": "path", "required": True},
            "context": {"type": "str"},
            "namespace": TEXT,
            "rds_instance_id": TEXT,
            "rds_ca_bundle": {"type": "path", "required": True},
            "replication_group_id": TEXT,
            "nameservers": {"type": "list", "elements": "str", "default": []},
            "nameserver_port": {"type": "int", "default": 53},
        },
        supports_check_mode=True,
    )
    for library, missing in NEEDED.items():
        if missing:
            module.fail_json(msg=missing_required_lib(library), exception=missing)
    found = read_all(readers(module.params))
    found.update(read_names(module.params, renewed_by_acm(found["certificates"]), found["unread"]))
    module.exit_json(changed=False, **found)


def preload(arguments: Answer) -> None:
    """Load the models of the services before the worker of the step is forked."""
    for service in SERVICES:
        preload_service(service)


def readers(options: Answer) -> dict[str, Reader]:
    """Return what reads each source, by its name."""

    def aws(service: str, region: str = options["region"]) -> Any:
        return new_client(service, region, options["endpoint_url"], ATTEMPTS)

    def acm(region: str) -> Reader:
        return lambda: {"certificates": read_acm(aws("acm", region), region)}

    regions = dict.fromkeys((options["region"], options["cdn_region"]))
    return {
        **{f"ACM {region}": acm(region) for region in regions},
        "IAM": lambda: {"certificates": read_iam(aws("iam"))},
        "Kubernetes": lambda: read_cluster(options),
        "RDS": lambda: {"database": read_database(aws("rds"), options["rds_instance_id"], options["rds_ca_bundle"])},
        "ElastiCache": lambda: {"cache": read_cache(aws("elasticache"), options["replication_group_id"])},
    }


def read_cluster(options: Answer) -> Answer:
    """Return the Secrets and the Ingresses of the namespace."""
    cluster = Cluster(options["kubeconfig"], options["context"])
    return {
        "certificates": read_secrets(cluster, options["namespace"]),
        "ingresses": read_ingresses(cluster, options["namespace"]),
    }


def read_all(sources: dict[str, Reader]) -> Answer:
    """Return what every source says, and which of them said nothing."""
    found: Answer = {"certificates": [], "ingresses": [], "unread": []}
    with ThreadPoolExecutor(AT_ONCE) as workers:
        answers = workers.map(attempt, sources.items())
    for answer in answers:
        for name, value in answer.items():
            found[name] = [*found[name], *value] if isinstance(value, list) else value
    return found


def attempt(source: tuple[str, Reader]) -> Answer:
    """Return what one source says, or that it could not be read, and why."""
    name, read = source
    try:
        return read()
    except Exception as error:  # each client library raises errors of many families; each is a sentence here
        return {"unread": [{"source": name, "error": " ".join(str(error).split()) or type(error).__name__}]}


def renewed_by_acm(certificates: Iterable[Answer]) -> list[Answer]:
    """Return the certificates whose renewal depends on DNS."""
    return [certificate for certificate in certificates if certificate.get("type") == "AMAZON_ISSUED"]


def read_names(options: Answer, certificates: list[Answer], unread: list[Answer]) -> Answer:
    """Return the records on which the renewal of certificates depends."""
    records = [{**record, "id": one["id"]} for one in certificates for record in one["validation"]]
    domains = sorted({name for one in certificates for name in one["names"]})
    try:
        resolver = make_resolver(options["nameservers"], options["nameserver_port"])
    except Exception as error:  # the machine names no name server
        return {"records": [], "issuers": [], "unread": [*unread, {"source": "DNS", "error": str(error)}]}
    with ThreadPoolExecutor(AT_ONCE) as workers:
        validations = list(workers.map(lambda record: read_validation(resolver, record), records))
        issuers = list(workers.map(lambda domain: read_issuers(resolver, domain), domains))
    return {"records": validations, "issuers": issuers, "unread": unread}


if __name__ == "__main__":
    main()
