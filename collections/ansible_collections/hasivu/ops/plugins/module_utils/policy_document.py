# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a policy of IAM allows more than it should: decisions on the document alone, without a call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

ADMINISTRATOR = "administrator"
NOT_ACTION = "not-action"
SERVICE_WILDCARD = "service-wildcard"
ESCALATION = "escalation"
PASS_ROLE = "pass-role"  # noqa: S105
SENSITIVE_SERVICES = frozenset(
    {"cloudtrail", "ec2", "iam", "kms", "lambda", "organizations", "rds", "s3", "secretsmanager", "sso", "sts"}
)
# Each lets its holder give itself, or a principal in its hands, more rights.
ESCALATING = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
)
EVERYTHING = re.compile(r"(arn:(aws)?)?[*:/]*\*[*:/]*")

Statement = dict[str, Any]


class UnreadableError(Exception):
    """Raised when a policy is not the JSON that IAM keeps."""


@dataclass(frozen=True)
class Problem:
    """One thing that a statement of a policy allows too widely."""

    kind: str
    detail: str


def statements(document: Any) -> list[Statement]:
    """Return the statements of a policy, which may be one or a list, as text or already read.

    Raises:
        UnreadableError: The document is not a policy.
    """
    try:
        read = json.loads(document) if isinstance(document, str) else document
        found = as_list(read["Statement"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableError("the policy is not a JSON document with statements") from error
    if not all(isinstance(one, dict) for one in found):
        raise UnreadableError("a statement of the policy is not an object")
    return found


def as_list(value: Any) -> list[Any]:
    """Return a value that may stand alone or in a list, as a list; nothing is an empty one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def allowing(document: Any) -> list[Statement]:
    """Return the statements that allow; one that denies never gives anybody a right."""
    return [one for one in statements(document) if one.get("Effect") == "Allow"]


def problems(document: Any) -> list[Problem]:
    """Return what a policy allows too widely, each once."""
    found = [problem for one in allowing(document) for problem in statement_problems(one)]
    return list(dict.fromkeys(found))


def statement_problems(statement: Statement) -> Iterator[Problem]:
    """Say what one allowing statement allows too widely; on named resources nothing is."""
    if not reaches_everything(statement):
        return
    if "NotAction" in statement:
        yield Problem(NOT_ACTION, "everything but " + ", ".join(map(str, as_list(statement["NotAction"]))))
        return
    actions = [str(action) for action in as_list(statement.get("Action"))]
    if any(re.fullmatch(r"\*+(:\*+)?", action) for action in actions):
        yield Problem(ADMINISTRATOR, "*:*")
        return
    yield from action_problems(actions, statement)


def action_problems(actions: list[str], statement: Statement) -> Iterator[Problem]:
    """Say which actions of a statement that reaches every resource are too wide."""
    wide = [action for action in actions if is_service_wildcard(action)]
    if wide:
        yield Problem(SERVICE_WILDCARD, ", ".join(wide))
    narrow = [action for action in actions if action not in wide]
    escalating = [action for action in narrow if any(matches(action, name) for name in ESCALATING)]
    if escalating:
        yield Problem(ESCALATION, ", ".join(escalating))
    passing = [action for action in narrow if matches(action, "iam:PassRole")]
    if passing and not limits_passing(statement):
        yield Problem(PASS_ROLE, ", ".join(passing))


def reaches_everything(statement: Statement) -> bool:
    """Tell whether a statement is about every resource; all but some counts as every one."""
    if "NotResource" in statement:
        return True
    return any(EVERYTHING.fullmatch(str(resource)) for resource in as_list(statement.get("Resource")))


def is_service_wildcard(action: str) -> bool:
    """Tell whether an action is all actions of a service in which that is dangerous."""
    service, _, name = action.lower().partition(":")
    return bool(name) and set(name) == {"*"} and any(fnmatchcase(one, service) for one in SENSITIVE_SERVICES)


def matches(pattern: str, action: str) -> bool:
    """Tell whether an action of a policy, with its wildcards and in any case, covers an action of AWS."""
    if "*" not in pattern and "?" not in pattern:  # as most; a pattern takes long to make
        return pattern.lower() == action.lower()
    literal = pattern.lower().replace("[", "[[]")
    return fnmatchcase(action.lower(), literal)


def limits_passing(statement: Statement) -> bool:
    """Tell whether a role may be passed to named services only."""
    tests = statement.get("Condition") or {}
    return any(key.lower() == "iam:passedtoservice" for test in tests.values() for key in test)
