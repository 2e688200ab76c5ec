#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read every principal of an AWS account, and say what is wrong with it."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: iam_principals_info
short_description: Read the users, groups and roles of an AWS account, and find what is wrong with them
version_added: 0.2.0
description:
  - Reads the credential report, the authorization details of the account, its summary and its password policy, and what
    IAM Access Analyzer, the last use of services and IAM Identity Center tell where the account offers them.
  - A call that AWS does not answer is a finding, and the others are made all the same.
options:
  account:
    description: The account that is reviewed, 12 digits.
    type: str
    required: true
  owners:
    description: Who answers for each user and role, by its name.
    type: dict
    required: true
  administrators:
    description: Names of the principals that may do everything.
    type: list
    elements: str
    default: []
  trusted_accounts:
    description: Other AWS accounts that roles may trust.
    type: list
    elements: str
    default: []
  unused_days:
    description: Days without use from which a credential is a finding.
    type: int
    default: 45
  key_days:
    description: Days that an access key may live.
    type: int
    default: 90
  report_seconds:
    description: Seconds that AWS may take to make a report.
    type: int
    default: 120
  most_pages:
    description: Pages of one answer to read at the most; one more makes the answer unread.
    type: int
    default: 1000
extends_documentation_fragment:
  - hasivu.ops.aws
attributes:
  check_mode:
    description: The module only reads.
    support: full
  diff_mode:
    description: Nothing changes, so there is no difference to show.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Read the principals of the account
  hasivu.ops.iam_principals_info:
    region: ap-south-1
    account: "210987654321"
    owners:
      anita.deshpande: Operations Team
  register: access_principals
"""

RETURN = r"""
principals:
  description: Every user, group and role.
  returned: success
  type: list
  elements: dict
  contains:
    account: {description: "Kind and name, such as C(user/anita.deshpande)", type: str, returned: always}
    owner: {description: Who answers for it, type: str, returned: always}
    made: {description: When it was made, type: str, returned: always}
    used: {description: When it was used last, type: str, returned: always}
    rights: {description: Its groups and policies, type: str, returned: always}
    credentials: {description: "Password, second factor and active keys of a user", type: str, returned: always}
report_written:
  description: When AWS wrote the credential report.
  returned: success
  type: str
findings:
  description: What is wrong, each with C(key), C(where), C(control) and C(deadline).
  returned: success
  type: list
  elements: dict
unknown:
  description: What could not be looked at, a sentence each; each is a finding too.
  returned: success
  type: list
  elements: str
notes:
  description: What the account does not offer.
  returned: success
  type: list
  elements: str
"""

from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.access_analyzer import external_access, unused_privileges
from ansible_collections.hasivu.ops.plugins.module_utils.access_finding import Finding
from ansible_collections.hasivu.ops.plugins.module_utils.access_unread import Unread, pages
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.credential_findings import (
    Limits,
    credential_findings,
    password_policy_findings,
    summary_findings,
)
from ansible_collections.hasivu.ops.plugins.module_utils.credential_report import Credentials, read_report
from ansible_collections.hasivu.ops.plugins.module_utils.identity_center import assignments
from ansible_collections.hasivu.ops.plugins.module_utils.principal_details import Account, account_of
from ansible_collections.hasivu.ops.plugins.module_utils.principal_findings import Accepted, principal_findings
from ansible_collections.hasivu.ops.plugins.module_utils.principal_table import principal_rows

OPTIONS: dict[str, dict[str, Any]] = {
    "account": {"type": "str", "required": True},
    "owners": {"type": "dict", "required": True},
    "administrators": {"type": "list", "elements": "str", "default": []},
    "trusted_accounts": {"type": "list", "elements": "str", "default": []},
    "unused_days": {"type": "int", "default": 45},
    "key_days": {"type": "int", "default": 90},
    "report_seconds": {"type": "int", "default": 120},
    "most_pages": {"type": "int", "default": 1000},
}
ALLOW = "Allow {} to the role that reviews."


def main() -> None:
    """Read each source, judge what was read, and tell what was not."""
    module = AnsibleModule(argument_spec={**AWS_OPTIONS, **OPTIONS}, supports_check_mode=True)
    iam, unread = client(module, "iam"), Unread()
    options = module.params
    report, written = read_credentials(iam, unread, options["report_seconds"])
    account = read_account(iam, unread, options["most_pages"])
    findings = [
        *credential_findings(report, limits(options)),
        *principal_findings(account, accepted(options)),
    ]
    findings += account_findings(iam, unread, {finding["key"] for finding in findings})
    findings += offered_findings(module, iam, unread, account)
    principals = [*principal_rows(account, report, options["owners"]), *assigned(module, unread)]
    module.exit_json(
        changed=False,
        principals=principals,
        report_written=written,
        findings=[*findings, *unread.findings],
        unknown=unread.sentences,
        notes=unread.notes,
    )


def preload(arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    preload_service("iam")
    preload_service("accessanalyzer")
    preload_service("sso-admin")


def limits(options: dict[str, Any]) -> Limits:
    """Return from which age on a credential is a finding."""
    return Limits(datetime.now(UTC), options["unused_days"], options["key_days"])


def accepted(options: dict[str, Any]) -> Accepted:
    """Return what the inventory says is right."""
    return Accepted(options["account"], options["owners"], options["administrators"], options["trusted_accounts"])


def read_credentials(iam: Any, unread: Unread, seconds: int) -> tuple[list[Credentials], str]:
    """Return the credentials of all users, and when AWS wrote them down."""
    mend = ALLOW.format("iam:GenerateCredentialReport and iam:GetCredentialReport")
    read = unread.ask("The credential report", "iam:GetCredentialReport", mend, lambda: read_report(iam, seconds))
    report, written = read or ([], None)
    return report, written.isoformat() if written else ""


def read_account(iam: Any, unread: Unread, most_pages: int) -> Account:
    """Return every principal and policy of the account."""
    operation = "iam:GetAccountAuthorizationDetails"
    read = unread.ask(
        "The principals and their policies",
        operation,
        ALLOW.format(operation),
        lambda: pages(iam, "get_account_authorization_details", most_pages),
    )
    return account_of(read or [])


def account_findings(iam: Any, unread: Unread, told: set[str]) -> list[Finding]:
    """Return what is wrong with the account itself."""
    operation = "iam:GetAccountSummary"
    summary = unread.ask("The summary of the account", operation, ALLOW.format(operation), iam.get_account_summary)
    operation = "iam:GetAccountPasswordPolicy"
    policy = unread.ask("The password policy", operation, ALLOW.format(operation), lambda: read_password_policy(iam))
    found = [] if summary is None else list(summary_findings(summary["SummaryMap"], told))
    return found if policy is None else [*found, *password_policy_findings(policy)]


def read_password_policy(iam: Any) -> dict[str, Any]:
    """Return the password policy of the account, empty where it has none."""
    try:
        policy: dict[str, Any] = iam.get_account_password_policy()["PasswordPolicy"]
    except iam.exceptions.NoSuchEntityException:
        return {}
    return policy


def offered_findings(module: AnsibleModule, iam: Any, unread: Unread, account: Account) -> list[Finding]:
    """Return what is found by the parts of IAM that not every account offers."""
    options, now = module.params, datetime.now(UTC)
    analyzer, most_pages = client(module, "accessanalyzer"), options["most_pages"]
    mend = ALLOW.format("access-analyzer:ListAnalyzers and access-analyzer:ListFindingsV2")
    shares = unread.ask(
        "Access from outside",
        "access-analyzer:ListFindingsV2",
        mend,
        lambda: external_access(analyzer, most_pages),
        optional=True,
    )
    people = [one for one in account.principals if one.kind != "group" and not one.belongs_to_aws]
    mend = ALLOW.format("iam:GenerateServiceLastAccessedDetails and iam:GetServiceLastAccessedDetails")
    privileges = unread.ask(
        "The last use of services",
        "iam:GenerateServiceLastAccessedDetails",
        mend,
        lambda: unused_privileges(iam, people, now, options["key_days"], options["report_seconds"]),
        optional=True,
    )
    return [*(shares or []), *(privileges or [])]


def assigned(module: AnsibleModule, unread: Unread) -> list[dict[str, str]]:
    """Return who comes into the account through Identity Center, as rows."""
    center, options = client(module, "sso-admin"), module.params
    mend = ALLOW.format("sso:ListInstances, sso:DescribePermissionSet and sso:List* of account assignments")
    found = unread.ask(
        "Who comes in through Identity Center",
        "sso:ListAccountAssignments",
        mend,
        lambda: assignments(center, options["account"], options["most_pages"]),
        optional=True,
    )
    return found or []


if __name__ == "__main__":
    main()
