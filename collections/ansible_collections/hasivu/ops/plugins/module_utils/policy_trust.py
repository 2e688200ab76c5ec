# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom a role trusts more than it should: decisions on its trust policy alone, without a call."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.policy_document import Problem, Statement, allowing, as_list

WILDCARD_TRUST = "wildcard-trust"
FOREIGN_TRUST = "foreign-trust"
OPEN_FEDERATION = "open-federation"
# Conditions on who calls; an external id or an address says nothing of that.
WHO = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
    }
)
# A test that passes where the key is missing (IfExists, ForAllValues) keeps nobody out.
HOLDS = re.compile(r"(ForAnyValue:)?(StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike)")
ACCOUNT = re.compile(r"(?:arn:aws[\w-]*:(?:iam|sts)::)?(\d{12})(?::.*)?")


def trust_problems(document: Any, account: str, trusted: Collection[str]) -> list[Problem]:
    """Return whom a trust policy lets in too widely, each once.

    Args:
        document: The trust policy, as text or already read.
        account: The account that the role is in.
        trusted: Other accounts that roles may trust.
    """
    known = {account, *trusted}
    found = [problem for one in allowing(document) for problem in statement_trust(one, known)]
    return list(dict.fromkeys(found))


def statement_trust(statement: Statement, known: Collection[str]) -> Iterator[Problem]:
    """Say whom one allowing statement lets in too widely."""
    if "NotPrincipal" in statement:
        yield Problem(WILDCARD_TRUST, "everybody but those named")
        return
    principal = statement.get("Principal")
    named = {"AWS": principal} if isinstance(principal, str) else principal or {}
    callers = [str(one) for one in as_list(named.get("AWS"))]
    if any(is_wildcard(one) for one in callers) and not limited(statement, WHO):
        yield Problem(WILDCARD_TRUST, ", ".join(one for one in callers if is_wildcard(one)))
    for one in callers:
        if (other := account_of(one)) and other not in known:
            yield Problem(FOREIGN_TRUST, other)
    for provider in as_list(named.get("Federated")):
        yield from federation(str(provider), statement)


def federation(provider: str, statement: Statement) -> Iterator[Problem]:
    """Say when any identity of an OpenID provider is let in, for no condition asks for its subject."""
    _, is_openid, host = provider.partition(":oidc-provider/")
    if is_openid and not limited(statement, {f"{host.lower()}:sub"}):
        yield Problem(OPEN_FEDERATION, provider)


def is_wildcard(principal: str) -> bool:
    """Tell whether a principal stands for anybody."""
    return principal == "*" or ":*:" in principal


def account_of(principal: str) -> str:
    """Return the account of a principal, or nothing when it names none."""
    found = ACCOUNT.fullmatch(principal)
    return found[1] if found else ""


def limited(statement: Statement, keys: Collection[str]) -> bool:
    """Tell whether a condition on one of the keys keeps anybody out."""
    for test, wanted in (statement.get("Condition") or {}).items():
        if not HOLDS.fullmatch(test):
            continue
        for key, values in wanted.items():
            if key.lower() in keys and all(str(value).strip("*:/") for value in as_list(values)):
                return True
    return False
