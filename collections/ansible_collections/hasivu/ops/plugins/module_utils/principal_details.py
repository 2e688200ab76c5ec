# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The users, groups and roles of an account with their policies, as GetAccountAuthorizationDetails tells them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.access_unread import gathered

SERVICE_LINKED = "/aws-service-role/"
RESERVED = "/aws-reserved/"
INLINE = {"user": "UserPolicyList", "group": "GroupPolicyList", "role": "RolePolicyList"}


@dataclass(frozen=True)
class Policy:
    """A policy as it counts: inline, or the default version of a managed one."""

    name: str
    arn: str
    document: Any


@dataclass(frozen=True)
class Principal:
    """A user, a group or a role."""

    kind: str
    name: str
    arn: str
    path: str
    made: datetime | None
    groups: tuple[str, ...] = ()
    inline: tuple[Policy, ...] = ()
    attached: tuple[tuple[str, str], ...] = ()  # name and ARN
    trust: Any = None
    used: datetime | None = None

    @property
    def where(self) -> str:
        """Return the name by which findings call it."""
        return f"{self.kind}/{self.name}"

    @property
    def belongs_to_aws(self) -> bool:
        """Tell whether AWS made it and keeps it, such as the role of a service or of Identity Center."""
        return self.kind == "role" and self.path.startswith((SERVICE_LINKED, RESERVED))


@dataclass(frozen=True)
class Account:
    """Every principal of an account and every managed policy that is in use."""

    principals: list[Principal] = field(default_factory=list)
    managed: dict[str, Policy] = field(default_factory=dict)

    def holders(self, arn: str) -> list[Principal]:
        """Return who has a managed policy attached."""
        return [one for one in self.principals if arn in {attached for _, attached in one.attached}]


def account_of(pages: list[dict[str, Any]]) -> Account:
    """Return the account that the pages of an answer describe."""
    lists = {"user": "UserDetailList", "group": "GroupDetailList", "role": "RoleDetailList"}
    principals = [principal(kind, detail) for kind, name in lists.items() for detail in gathered(pages, name)]
    managed = [managed_policy(detail) for detail in gathered(pages, "Policies")]
    return Account(principals, {policy.arn: policy for policy in managed})


def principal(kind: str, detail: dict[str, Any]) -> Principal:
    """Return one user, group or role."""
    return Principal(
        kind=kind,
        name=detail[f"{kind.title()}Name"],
        arn=detail["Arn"],
        path=detail.get("Path", "/"),
        made=detail.get("CreateDate"),
        groups=tuple(detail.get("GroupList", [])),
        inline=tuple(Policy(one["PolicyName"], "", one["PolicyDocument"]) for one in detail.get(INLINE[kind], [])),
        attached=tuple((one["PolicyName"], one["PolicyArn"]) for one in detail.get("AttachedManagedPolicies", [])),
        trust=detail.get("AssumeRolePolicyDocument"),
        used=(detail.get("RoleLastUsed") or {}).get("LastUsedDate"),
    )


def managed_policy(detail: dict[str, Any]) -> Policy:
    """Return a managed policy in its default version; without one it holds no document that could be read."""
    versions = detail.get("PolicyVersionList", [])
    documents = [one["Document"] for one in versions if one.get("IsDefaultVersion")]
    return Policy(detail["PolicyName"], detail["Arn"], documents[0] if documents else None)
