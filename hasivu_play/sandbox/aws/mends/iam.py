"""IAM: long lists come in pages, and the last use of a password or an access key is reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ministack.services import iam

from hasivu_play.sandbox.aws.protocol import Request
from hasivu_play.sandbox.aws.rds.moments import timestamp

PAGE = 100
KEYS_PER_USER = 2
PAGED = (
    "ListAccessKeys",
    "ListAttachedUserPolicies",
    "ListGroups",
    "ListGroupsForUser",
    "ListMFADevices",
    "ListPolicies",
    "ListRoles",
    "ListUserPolicies",
    "ListUsers",
)
TRUNCATED = "<IsTruncated>false</IsTruncated>"

Handler = Callable[[dict[str, Any]], Any]


def apply() -> None:
    """Replace the lists and the last uses."""
    for name in PAGED:
        iam._IAM_HANDLERS[name] = paged(iam._IAM_HANDLERS[name])
    iam._IAM_HANDLERS["CreateAccessKey"] = with_quota(iam._IAM_HANDLERS["CreateAccessKey"])
    iam._IAM_HANDLERS["GetAccessKeyLastUsed"] = with_last_use(iam._IAM_HANDLERS["GetAccessKeyLastUsed"])
    iam._user_xml = with_password_use(iam._user_xml)


def paged(original: Handler) -> Handler:
    """Return a list operation that honours MaxItems and Marker."""

    def handle(parameters: dict[str, Any]) -> Any:
        status, headers, body = original(parameters)
        if status != 200:
            return status, headers, body
        start = int(iam._p(parameters, "Marker") or 0)
        return status, headers, one_page(body.decode(), start, int(iam._p(parameters, "MaxItems") or PAGE)).encode()

    return handle


def one_page(document: str, start: int, size: int) -> str:
    """Return the answer with the members of one page only."""
    members = outer_members(document)
    if not members:
        return document
    before, after = document[: members[0][0]], document[members[-1][1] :]
    kept = "".join(document[first:last] for first, last in members[start : start + size])
    if start + size < len(members):
        marker = f"<IsTruncated>true</IsTruncated><Marker>{start + size}</Marker>"
        after = after.replace(TRUNCATED, marker, 1)
    return before + kept + after


def outer_members(document: str) -> list[tuple[int, int]]:
    """Return where each member of the outermost list begins and ends; a user's tags are members too."""
    found, depth, start = [], 0, 0
    for tag in re.finditer(r"<(/?)member>", document):
        if not tag[1]:
            start = tag.start() if depth == 0 else start
            depth += 1
        else:
            depth -= 1
            found += [(start, tag.end())] if depth == 0 else []
    return found


def with_quota(original: Handler) -> Handler:
    """Return CreateAccessKey that gives a user two keys and no third."""

    def handle(parameters: dict[str, Any]) -> Any:
        name = iam._p(parameters, "UserName")
        if sum(key["UserName"] == name for key in iam._access_keys.values()) >= KEYS_PER_USER:
            message = f"Cannot exceed quota for AccessKeysPerUser: {KEYS_PER_USER}"
            return iam._error(409, "LimitExceeded", message, ns="iam")
        return original(parameters)

    return handle


def note_use(request: Request, service: str) -> None:
    """Remember when, where and for what an access key was used."""
    credential = request.credential
    key = iam._access_keys.get(credential["key"]) if credential else None
    if credential and key is not None:
        key["_last_used"] = {"date": timestamp(), "region": credential["region"], "service": service}


def with_last_use(original: Handler) -> Handler:
    """Return GetAccessKeyLastUsed that knows the last use."""

    def handle(parameters: dict[str, Any]) -> Any:
        used = iam._access_keys.get(iam._p(parameters, "AccessKeyId"), {}).get("_last_used")
        status, headers, body = original(parameters)
        if used is None or status != 200:
            return status, headers, body
        never = "<Region>N/A</Region><ServiceName>N/A</ServiceName>"
        last = (
            f"<LastUsedDate>{used['date']}</LastUsedDate><Region>{used['region']}</Region>"
            f"<ServiceName>{used['service']}</ServiceName>"
        )
        return status, headers, body.decode().replace(never, last).encode()

    return handle


def with_password_use(original: Callable[..., str]) -> Callable[..., str]:
    """Return a renderer of users that shows when the password was used last."""

    def render(name: str, boundary: bool = True) -> str:
        used = iam._users[name].get("PasswordLastUsed")
        return original(name, boundary) + (f"<PasswordLastUsed>{used}</PasswordLastUsed>" if used else "")

    return render
