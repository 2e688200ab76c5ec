# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may do too much in a cluster: decisions on roles and bindings, without a call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.access_finding import Finding, found

BOOTSTRAPPING = "kubernetes.io/bootstrapping"
ANONYMOUS = frozenset({"Group system:unauthenticated", "User system:anonymous"})
PUBLIC_ROLES = frozenset({"system:public-info-viewer", "system:discovery", "system:basic-user"})
READING = frozenset({"get", "list", "watch", "*"})
ESCALATING = frozenset({"escalate", "bind", "impersonate"})
CLUSTER_ADMIN = "cluster-admin"

Role = Mapping[str, Any]


@dataclass(frozen=True)
class Binding:
    """One subject that one role is bound to, in a namespace or, without one, in the whole cluster."""

    name: str
    namespace: str
    subject: str
    role: str
    cluster_role: bool
    built_in: bool

    @property
    def reach(self) -> str:
        """Return where the binding holds."""
        return f"namespace {self.namespace}" if self.namespace else "the whole cluster"

    @property
    def where(self) -> str:
        """Return the name by which findings call it."""
        kind = "rolebinding" if self.namespace else "clusterrolebinding"
        return f"{kind}/{self.namespace + '/' if self.namespace else ''}{self.name} {self.subject}"


def bindings_of(items: list[dict[str, Any]]) -> list[Binding]:
    """Return each subject of each binding."""
    return [binding(item, subject) for item in items for subject in item.get("subjects") or []]


def binding(item: dict[str, Any], subject: dict[str, Any]) -> Binding:
    """Return one subject of a binding."""
    metadata, role = item["metadata"], item["roleRef"]
    home = f"{subject['namespace']}/" if subject.get("namespace") else ""
    return Binding(
        name=metadata["name"],
        namespace=metadata.get("namespace", ""),
        subject=f"{subject['kind']} {home}{subject['name']}",
        role=role["name"],
        cluster_role=role["kind"] == "ClusterRole",
        built_in=(metadata.get("labels") or {}).get(BOOTSTRAPPING) == "rbac-defaults",
    )


def rules_of(bound: Binding, roles: list[dict[str, Any]]) -> list[Role]:
    """Return the rules of the role of a binding; a role that does not exist gives none."""
    home = "" if bound.cluster_role else bound.namespace
    for role in roles:
        if role["metadata"]["name"] == bound.role and role["metadata"].get("namespace", "") == home:
            return list(role.get("rules") or [])
    return []


def rbac_findings(
    bindings: list[Binding], roles: list[dict[str, Any]], accepted: Collection[tuple[str, str]]
) -> list[Finding]:
    """Return who may do too much.

    Args:
        bindings: Each subject of each binding.
        roles: Roles and cluster roles.
        accepted: Subjects and roles that the inventory declares as right together.
    """
    return [finding for bound in bindings for finding in judged(bound, rules_of(bound, roles), accepted)]


def judged(bound: Binding, rules: list[Role], accepted: Collection[tuple[str, str]]) -> Iterator[Finding]:
    """Say what one binding gives too widely; what Kubernetes itself binds, and what is declared, is right."""
    if bound.subject in ANONYMOUS and bound.role not in PUBLIC_ROLES:
        yield found("anonymous-binding", f"{bound.subject} has {bound.role} in {bound.reach}.", bound.where)
        return
    if bound.built_in or (bound.subject, bound.role) in accepted:
        return
    start = f"{bound.subject} has {bound.role} in {bound.reach}"
    if bound.cluster_role and bound.role == CLUSTER_ADMIN:
        yield found("cluster-admin-binding", f"{start}.", bound.where)
    elif any(is_everything(rule) for rule in rules):
        yield found("wildcard-role", f"{start}, which allows every verb on every resource.", bound.where)
    else:
        yield from partial(bound, start, rules)


def partial(bound: Binding, start: str, rules: list[Role]) -> Iterator[Finding]:
    """Say when a role that does not allow everything reads secrets or raises rights."""
    if any(reads_secrets(rule) for rule in rules):
        yield found("secrets-reader", f"{start}, which reads every secret there.", bound.where)
    if any(ESCALATING & set(rule.get("verbs") or []) for rule in rules):
        yield found("escalating-role", f"{start}, which raises rights.", bound.where)


def is_everything(rule: Role) -> bool:
    """Tell whether a rule allows every verb on every resource."""
    return "*" in (rule.get("verbs") or []) and "*" in (rule.get("resources") or [])


def reads_secrets(rule: Role) -> bool:
    """Tell whether a rule reads secrets, and not only some that it names."""
    groups, resources = rule.get("apiGroups") or [], rule.get("resources") or []
    about = ("" in groups or "*" in groups) and ("secrets" in resources or "*" in resources)
    return about and bool(READING & set(rule.get("verbs") or [])) and not rule.get("resourceNames")


def binding_rows(bindings: list[Binding], owners: Mapping[tuple[str, str], str]) -> list[dict[str, str]]:
    """Return the bindings that people made, as rows of a table; an owner stands by subject and role."""
    return [
        {
            "subject": one.subject,
            "role": one.role,
            "reach": one.reach,
            "binding": one.name,
            "owner": owners.get((one.subject, one.role), ""),
            "where": one.where,
        }
        for one in bindings
        if not one.built_in
    ]
