"""IAM: the users, groups, roles and policies of the account with what they are attached to, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from ministack.services import iam

PAGE = 100
LISTS = {
    "User": "UserDetailList",
    "Group": "GroupDetailList",
    "Role": "RoleDetailList",
    "LocalManagedPolicy": "Policies",
    "AWSManagedPolicy": "Policies",
}

Item = tuple[str, str]


def apply() -> None:
    """Replace the operation."""
    iam._IAM_HANDLERS["GetAccountAuthorizationDetails"] = details


def details(parameters: dict[str, Any]) -> Any:
    """Answer one page: MaxItems counts the items of all lists together."""
    found = list(items(filters(parameters) or set(LISTS)))
    start, size = int(iam._p(parameters, "Marker") or 0), int(iam._p(parameters, "MaxItems") or PAGE)
    page, end = found[start : start + size], start + size
    lists = "".join(element(name, members(page, name)) for name in dict.fromkeys(LISTS.values()))
    more = element("IsTruncated", str(end < len(found)).lower())
    more += element("Marker", str(end)) if end < len(found) else ""
    result = element("GetAccountAuthorizationDetailsResult", lists + more)
    return iam._xml(200, "GetAccountAuthorizationDetailsResponse", result, ns="iam")


def filters(parameters: dict[str, Any]) -> set[str]:
    """Return the kinds that a request asks for, none where it asks for all."""
    return {values[0] for name, values in parameters.items() if name.startswith("Filter.member.")}


def members(page: list[Item], name: str) -> str:
    """Return the items of a page that belong to a list."""
    return "".join(element("member", content) for where, content in page if where == name)


def items(kinds: set[str]) -> Iterator[Item]:
    """Return every item of the kinds asked for, each with the list that it belongs to."""
    makers = {"User": users, "Group": groups, "Role": roles, "LocalManagedPolicy": local, "AWSManagedPolicy": attached}
    for kind, make in makers.items():
        if kind in kinds:
            yield from ((LISTS[kind], content) for content in make())


def users() -> Iterator[str]:
    """Return each user."""
    for name, user in iam._users.items():
        groups_of = "".join(element("member", group) for group, one in iam._groups.items() if name in one["Users"])
        yield (
            common(user, "User")
            + inline("UserPolicyList", iam._user_inline_policies.get(name))
            + element("GroupList", groups_of)
            + managed(user)
            + boundary(user)
            + tags(user)
        )


def groups() -> Iterator[str]:
    """Return each group."""
    for name, group in iam._groups.items():
        yield common(group, "Group") + inline("GroupPolicyList", iam._group_inline_policies.get(name)) + managed(group)


def roles() -> Iterator[str]:
    """Return each role."""
    for role in iam._roles.values():
        yield (
            common(role, "Role")
            + element("AssumeRolePolicyDocument", quote(role.get("AssumeRolePolicyDocument") or "{}", safe=""))
            + element("InstanceProfileList", "")
            + inline("RolePolicyList", role.get("InlinePolicies"))
            + managed(role)
            + boundary(role)
            + tags(role)
        )


def local() -> Iterator[str]:
    """Return each policy of the account."""
    return (policy(one, arn) for arn, one in iam._policies.items())


def attached() -> Iterator[str]:
    """Return each policy of AWS that somebody has."""
    for arn in dict.fromkeys(arn for one in entities() for arn in one.get("AttachedPolicies", [])):
        one = iam._lookup_policy(arn)
        if iam._is_aws_managed_arn(arn) and one:
            yield policy(one, arn)


def entities() -> Iterator[Mapping[str, Any]]:
    """Return everything that a policy may be attached to."""
    for store in (iam._users, iam._groups, iam._roles):
        yield from store.values()


def policy(one: Mapping[str, Any], arn: str) -> str:
    """Return a managed policy with its versions."""
    holders = sum(arn in entity.get("AttachedPolicies", []) for entity in entities())
    versions = "".join(element("member", version(each)) for each in one["Versions"].values())
    fields = {
        "PolicyName": one["PolicyName"],
        "PolicyId": one["PolicyId"],
        "Arn": arn,
        "Path": one.get("Path", "/"),
        "DefaultVersionId": one["DefaultVersionId"],
        "AttachmentCount": str(holders),
        "IsAttachable": "true",
        "CreateDate": one["CreateDate"],
        "UpdateDate": one["UpdateDate"],
    }
    return "".join(element(name, escape(value)) for name, value in fields.items()) + element(
        "PolicyVersionList", versions
    )


def version(one: Mapping[str, Any]) -> str:
    """Return one version of a policy."""
    return (
        element("Document", quote(one["Document"], safe=""))
        + element("VersionId", one["VersionId"])
        + element("IsDefaultVersion", str(bool(one["IsDefaultVersion"])).lower())
        + element("CreateDate", one["CreateDate"])
    )


def common(entity: Mapping[str, Any], kind: str) -> str:
    """Return what every kind of entity has."""
    fields = ("Path", f"{kind}Name", f"{kind}Id", "Arn", "CreateDate")
    return "".join(element(name, escape(str(entity[name]))) for name in fields)


def inline(name: str, policies: Mapping[str, str] | None) -> str:
    """Return the inline policies of an entity."""
    shown = "".join(
        element("member", element("PolicyName", escape(each)) + element("PolicyDocument", quote(document, safe="")))
        for each, document in (policies or {}).items()
    )
    return element(name, shown)


def managed(entity: Mapping[str, Any]) -> str:
    """Return the managed policies of an entity."""
    shown = "".join(
        element("member", element("PolicyName", arn.rpartition("/")[2]) + element("PolicyArn", arn))
        for arn in entity.get("AttachedPolicies", [])
    )
    return element("AttachedManagedPolicies", shown)


def boundary(entity: Mapping[str, Any]) -> str:
    """Return the permissions boundary of an entity, where it has one."""
    arn = entity.get("PermissionsBoundary")
    kind = element("PermissionsBoundaryType", "PermissionsBoundaryPolicy")
    return element("PermissionsBoundary", kind + element("PermissionsBoundaryArn", arn)) if arn else ""


def tags(entity: Mapping[str, Any]) -> str:
    """Return the tags of an entity."""
    shown = "".join(
        element("member", element("Key", escape(tag["Key"])) + element("Value", escape(tag["Value"])))
        for tag in entity.get("Tags", [])
    )
    return element("Tags", shown)


def element(name: str, content: str) -> str:
    """Return an XML element."""
    return f"<{name}>{content}</{name}>"
