# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The engines of databases, caches and the cluster, as their APIs name them."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import Cluster
from ansible_collections.hasivu.ops.plugins.module_utils.lifecycle_verdict import Use


def databases(caller: Any) -> list[Use]:
    """Return the engine of every database instance."""
    pages = caller.get_paginator("describe_db_instances").paginate()
    return [database(instance) for page in pages for instance in page["DBInstances"]]


def database(instance: dict[str, Any]) -> Use:
    """Return the engine of one instance; one that the table has no part for is named whole, and so is unknown to it."""
    engine, version = instance["Engine"], instance["EngineVersion"]
    name = version.partition(".")[0] if engine == "postgres" else f"{engine} {version}"
    return Use("rds_postgres", name, instance["DBInstanceIdentifier"])


def caches(caller: Any) -> list[Use]:
    """Return the engine of every node of the caches."""
    pages = caller.get_paginator("describe_cache_clusters").paginate()
    clusters = [cluster for page in pages for cluster in page["CacheClusters"]]
    return [
        Use("elasticache", f"{one['Engine']} {one['EngineVersion'].partition('.')[0]}", one["CacheClusterId"])
        for one in clusters
    ]


def cluster(kubeconfig: str, context: str) -> list[Use]:
    """Return the version of the API server."""
    version = Cluster(kubeconfig, context).request("GET", "/version")
    return [Use("kubernetes", minor(version["gitVersion"]), f"cluster {context}")]


def minor(version: str) -> str:
    """Return major and minor of a version such as `v1.34.2-eks-1a2b3c4`."""
    found = re.match(r"v?(\d+\.\d+)", version)
    return found[1] if found else version
