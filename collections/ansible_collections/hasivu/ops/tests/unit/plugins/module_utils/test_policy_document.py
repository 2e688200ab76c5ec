# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a policy allows too widely, and whom a role trusts too widely."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.policy_document import UnreadableError, problems
from ansible_collections.hasivu.ops.plugins.module_utils.policy_trust import trust_problems
from hypothesis import given
from hypothesis import strategies as st

ACCOUNT = "204867531290"
OTHER = "111122223333"
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def kinds(*statements: dict[str, Any]) -> list[str]:
    return [problem.kind for problem in problems({"Version": "2012-10-17", "Statement": list(statements)})]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow(), ["administrator"]),
        (allow("*:*"), ["administrator"]),
        (allow(["s3:GetObject", "*"]), ["administrator"]),
        (allow(resource=["arn:aws:s3:::menus", "*"]), ["administrator"]),
        (allow(resource="arn:aws:*:*:*:*"), ["administrator"]),
        (allow(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}), ["administrator"]),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::menus"}, ["administrator"]),
        ({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}, ["not-action"]),
        (allow("iam:*"), ["service-wildcard"]),
        (allow("IAM:*"), ["service-wildcard"]),
        (allow("s*:*"), ["service-wildcard"]),
        (allow("iam:Put*"), ["escalation"]),
        (allow("iam:createaccesskey"), ["escalation"]),
        (allow("iam:PassRole"), ["pass-role"]),
        (allow("iam:p?ssrole"), ["pass-role"]),
        (allow(["iam:PassRole", "iam:AttachUserPolicy", "kms:*"]), ["service-wildcard", "escalation", "pass-role"]),
        (allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ecs.amazonaws.com"}}), []),
        (allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/hasivu-lambda"), []),
        (allow("*", "arn:aws:s3:::hasivu-menus/*"), []),
        (allow("s3:*", "arn:aws:s3:::*"), []),
        (allow("sqs:*"), []),
        (allow(["iam:Get*", "iam:List*", "s3:Get*"]), []),
        ({"Effect": "Allow", "NotAction": "s3:Delete*", "Resource": "arn:aws:s3:::menus/*"}, []),
        ({"Effect": "Deny", "Action": "*", "Resource": "*"}, []),
        ({"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}, []),
    ],
)
def test_a_statement_is_judged_by_what_it_reaches(statement: dict[str, Any], expected: list[str]) -> None:
    assert kinds(statement) == expected


def test_a_policy_is_read_as_text_or_mapping_with_one_statement_or_many() -> None:
    whole = {"Version": "2012-10-17", "Statement": allow()}
    assert [one.kind for one in problems(whole)] == ["administrator"]
    assert problems(json.dumps(whole)) == problems(whole)
    assert kinds(allow("s3:GetObject"), allow()) == ["administrator"]


def test_a_denial_beside_it_takes_nothing_back() -> None:
    assert kinds({"Effect": "Deny", "Action": "*", "Resource": "*"}, allow()) == ["administrator"]


@pytest.mark.parametrize("broken", ["", "{", "[]", {}, None, {"Statement": ["*"]}, {"Statement": [None]}])
def test_a_policy_that_cannot_be_read_is_never_right(broken: Any) -> None:
    with pytest.raises(UnreadableError):
        problems(broken)


@given(st.text(alphabet="ab*?[]:", max_size=12), st.text(alphabet="ab*?[]:", max_size=12))
def test_no_action_breaks_the_judgement_and_its_case_never_matters(action: str, resource: str) -> None:
    assert kinds(allow(action, resource)) == kinds(allow(action.upper(), resource))


def trust(principal: Any, **more: Any) -> list[str]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **more}
    return [problem.kind for problem in trust_problems({"Statement": statement}, ACCOUNT, ["444455556666"])]


@pytest.mark.parametrize(
    ("principal", "condition", "expected"),
    [
        ("*", {}, ["wildcard-trust"]),
        ({"AWS": "*"}, {}, ["wildcard-trust"]),
        ({"AWS": ["*", f"arn:aws:iam::{ACCOUNT}:root"]}, {}, ["wildcard-trust"]),
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}, []),
        ("*", {"StringLike": {"AWS:principalarn": [f"arn:aws:iam::{ACCOUNT}:role/*"]}}, []),
        ("*", {"StringLike": {"aws:PrincipalArn": "*"}}, ["wildcard-trust"]),
        ("*", {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abc"}}, ["wildcard-trust"]),
        ("*", {"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-abc/*"}}, ["wildcard-trust"]),
        ("*", {"StringNotEquals": {"aws:PrincipalAccount": OTHER}}, ["wildcard-trust"]),
        ("*", {"StringEquals": {"sts:ExternalId": "secret"}}, ["wildcard-trust"]),
        ("*", {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, ["wildcard-trust"]),
        ({"AWS": ACCOUNT}, {}, []),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/ci"}, {}, []),
        ({"AWS": OTHER}, {}, ["foreign-trust"]),
        ({"AWS": f"arn:aws:iam::{OTHER}:user/vendor"}, {}, ["foreign-trust"]),
        ({"AWS": "arn:aws:iam::444455556666:root"}, {}, []),
        ({"Service": "lambda.amazonaws.com"}, {}, []),
        ({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"}, {}, []),
        ({"Federated": GITHUB}, {}, ["open-federation"]),
        ({"Federated": GITHUB}, {"StringLike": {"token.actions.githubusercontent.com:sub": "*"}}, ["open-federation"]),
        ({"Federated": GITHUB}, {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:hasivu/*"}}, []),
    ],
)
def test_a_role_is_judged_by_who_may_take_it(principal: Any, condition: dict[str, Any], expected: list[str]) -> None:
    assert trust(principal, **({"Condition": condition} if condition else {})) == expected


def test_trusting_all_but_some_is_trusting_everybody() -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": OTHER}}
    assert [one.kind for one in trust_problems({"Statement": [statement]}, ACCOUNT, [])] == ["wildcard-trust"]
    assert trust_problems({"Statement": [{**statement, "Effect": "Deny"}]}, ACCOUNT, []) == []
