# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What users, groups and roles may do too widely, and who has no owner: decisions on the account's details."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ansible_collections.hasivu.ops.plugins.module_utils import policy_document as documents
from ansible_collections.hasivu.ops.plugins.module_utils import policy_trust as trust
from ansible_collections.hasivu.ops.plugins.module_utils.access_finding import Finding, found, unread
from ansible_collections.hasivu.ops.plugins.module_utils.principal_details import Account, Policy, Principal

KEYS = {
    documents.ADMINISTRATOR: ("wildcard-policy", "allows everything on everything"),
    documents.NOT_ACTION: ("not-action-policy", "allows on everything"),
    documents.SERVICE_WILDCARD: ("wide-policy", "allows on everything"),
    documents.ESCALATION: ("escalation-policy", "lets its holder raise its own rights by"),
    documents.PASS_ROLE: ("pass-role-policy", "lets its holder pass any role to any service by"),
    trust.WILDCARD_TRUST: ("wildcard-trust", "may be taken by anybody:"),
    trust.FOREIGN_TRUST: ("foreign-trust", "may be taken from the account"),
    trust.OPEN_FEDERATION: ("open-federation", "may be taken by any identity of"),
}


@dataclass(frozen=True)
class Accepted:
    """What the inventory says is right."""

    account: str
    owners: Collection[str]
    administrators: Collection[str]
    accounts: Collection[str]


def principal_findings(account: Account, accepted: Accepted) -> list[Finding]:
    """Return what is wrong with the principals of an account."""
    found_here: list[Finding] = []
    for one in account.principals:
        if one.belongs_to_aws:
            continue
        found_here += [*ownership(one, accepted), *direct(one), *inline(one, accepted), *trusting(one, accepted)]
    for policy in account.managed.values():
        found_here += managed(policy, account.holders(policy.arn), accepted)
    return [*found_here, *unresolved(account)]


def ownership(one: Principal, accepted: Accepted) -> Iterator[Finding]:
    """Say when nobody answers for a user or a role."""
    if one.kind != "group" and one.name not in accepted.owners:
        yield found("unknown-principal", f"The {one.kind} {one.name} has no owner.", one.where)


def direct(one: Principal) -> Iterator[Finding]:
    """Say when a user has policies of its own."""
    names = [policy.name for policy in one.inline] + [name for name, _ in one.attached]
    if one.kind == "user" and names:
        yield found("direct-policy", f"{one.name} has policies of its own: {', '.join(names)}.", one.where)


def inline(one: Principal, accepted: Accepted) -> Iterator[Finding]:
    """Say what an inline policy allows too widely."""
    for policy in one.inline:
        where = f"{one.where} policy {policy.name}"
        yield from judged(policy, f"The inline policy {policy.name} of {one.name}", where, [one], accepted)


def managed(policy: Policy, holders: list[Principal], accepted: Accepted) -> Iterator[Finding]:
    """Say what a managed policy that somebody holds allows too widely."""
    ours = [one for one in holders if not one.belongs_to_aws]
    if ours:
        names = ", ".join(one.where for one in ours)
        yield from judged(policy, f"The policy {policy.name} of {names}", f"policy/{policy.name}", ours, accepted)


def judged(policy: Policy, subject: str, where: str, holders: list[Principal], accepted: Accepted) -> Iterator[Finding]:
    """Say what a policy allows too widely, unless all who hold it may do everything anyway."""
    if all(one.name in accepted.administrators for one in holders):
        return
    try:
        problems = documents.problems(policy.document)
    except documents.UnreadableError as error:
        yield unread(subject, where, error, "Look at the policy in IAM.")
        return
    for problem in problems:
        key, says = KEYS[problem.kind]
        yield found(key, f"{subject} {says} ({problem.detail}).", where)


def trusting(one: Principal, accepted: Accepted) -> Iterator[Finding]:
    """Say whom a role trusts too widely."""
    if one.kind != "role":
        return
    try:
        problems = trust.trust_problems(one.trust, accepted.account, accepted.accounts)
    except documents.UnreadableError as error:
        yield unread(f"The trust policy of {one.name}", one.where, error, "Look at the role in IAM.")
        return
    for problem in problems:
        key, says = KEYS[problem.kind]
        yield found(key, f"The role {one.name} {says} {problem.detail}.", one.where)


def unresolved(account: Account) -> Iterator[Finding]:
    """Say which attached policies the answer did not describe, for they were not judged."""
    attached = {arn: name for one in account.principals if not one.belongs_to_aws for name, arn in one.attached}
    for arn, name in attached.items():
        if arn not in account.managed:
            error = "AWS names it as attached and does not describe it"
            yield unread(f"The policy {name}", f"policy/{name}", error, "Allow iam:GetAccountAuthorizationDetails.")
