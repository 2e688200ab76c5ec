# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What hung on the old instance and does not follow by itself: what somebody must change, and how."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

Fields = dict[str, Any]
KINDS = ("alarms", "dashboards", "log_groups", "policies", "proxies", "replicas", "replications")


def findings(captured: Fields, instance: Fields) -> list[Fields]:
    """Return what is left to people after everything was moved that moves."""
    new, resource = instance["DBInstanceIdentifier"], instance["DbiResourceId"]
    return [
        *(unread(kind, captured, new) for kind in KINDS if captured.get(kind) is None),
        *(policy(one, captured["resource_id"], resource) for one in captured.get("policies") or []),
        *(proxy(one["name"], captured["instance_id"], new) for one in captured.get("proxies") or []),
        *(replica(name, new) for name in captured.get("replicas") or [] if not has_replica(instance)),
    ]


def unread(kind: str, captured: Fields, new: str) -> Fields:
    """Return the finding that something was not known before the recovery."""
    old = captured["instance_id"]
    return finding(
        f"Which {kind.replace('_', ' ')} hung on {old} is not known, so none was moved.",
        new,
        "Nobody is warned, or let in, by what still names the old instance.",
        f"Look which {kind.replace('_', ' ')} name {old}, or did before it was gone, and give {new} the same.",
        "high",
        key="attachments-unknown",
    )


def policy(one: Fields, old: str, new: str) -> Fields:
    """Return the finding of a policy that lets somebody log in to the old instance."""
    return finding(
        f"A policy lets somebody log in to the old instance by IAM, and to the new one nobody: {one['resource']}.",
        one["where"],
        "A restored instance has another DbiResourceId; logins by IAM are refused until the policy names it.",
        f"Change the resource to {one['resource'].replace(old, new)} where the policy is kept as code.",
        "high",
        key="iam-login-names-old-instance",
    )


def proxy(name: str, old: str, new: str) -> Fields:
    """Return the finding of a proxy that leads to the old instance."""
    return finding(
        f"The proxy {name} leads to {old}, which is fenced.",
        f"RDS proxy {name}",
        "Whoever comes through the proxy reaches no database.",
        f"Deregister the target {old} and register {new}.",
        "high",
        key="proxy-leads-to-old-instance",
    )


def has_replica(instance: Fields) -> bool:
    """Tell whether an instance has a replica already."""
    return bool(instance.get("ReadReplicaDBInstanceIdentifiers"))


def replica(name: str, new: str) -> Fields:
    """Return the finding of a replica that follows the old instance."""
    return finding(
        f"The replica {name} follows the old instance, and {new} has none.",
        new,
        "Reports that read from the replica see what was before the recovery, and no replica can be promoted.",
        f"Create a replica of {new}, send its readers there, then delete {name}.",
        "high",
        key="replica-missing",
    )


def regions(instance: Fields) -> set[str]:
    """Return the Regions to which the backups of an instance are replicated."""
    shown = instance.get("DBInstanceAutomatedBackupsReplications") or []
    return {one["DBInstanceAutomatedBackupsArn"].split(":")[3] for one in shown}
