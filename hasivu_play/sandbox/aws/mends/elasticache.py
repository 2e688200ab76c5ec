"""ElastiCache: the primary endpoint is the sandbox's real Valkey."""

from __future__ import annotations

from typing import Any

from ministack.services import elasticache

from hasivu_play.sandbox.layout import Layout


def apply(layout: Layout) -> None:
    """Let both describe operations look at the address of the server each time."""
    groups, clusters = elasticache._describe_replication_groups, elasticache._describe_cache_clusters

    def describe_groups(parameters: dict[str, Any]) -> Any:
        refresh(layout)
        return groups(parameters)

    def describe_clusters(parameters: dict[str, Any]) -> Any:
        refresh(layout)
        return clusters(parameters)

    elasticache._describe_replication_groups = describe_groups
    elasticache._describe_cache_clusters = describe_clusters


def refresh(layout: Layout) -> None:
    """Put the present address of the server into every replication group and cache cluster."""
    found = layout.endpoints().get("redis")
    if found is None:
        return
    endpoint = {"Address": found["host"], "Port": found["port"]}
    for group in elasticache._replication_groups.values():
        for shard in group["NodeGroups"]:
            shard.update(PrimaryEndpoint=endpoint, ReaderEndpoint=endpoint)
            for member in shard["NodeGroupMembers"]:
                member["ReadEndpoint"] = endpoint
    for cluster in elasticache._clusters.values():
        for node in cluster.get("CacheNodes", []):
            node["Endpoint"] = endpoint
