# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who comes into the account through IAM Identity Center, where it is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.access_unread import gathered, pages


def assignments(client: Any, account: str, most_pages: int) -> list[dict[str, str]]:
    """Return a row for each user and group that has a permission set in the account."""
    instances = gathered(pages(client, "list_instances", most_pages), "Instances")
    return [row for one in instances for row in assigned(client, one["InstanceArn"], account, most_pages)]


def assigned(client: Any, instance: str, account: str, most_pages: int) -> Iterator[dict[str, str]]:
    """Return the assignments of one instance."""
    asked = {"InstanceArn": instance, "AccountId": account}
    sets = gathered(pages(client, "list_permission_sets_provisioned_to_account", most_pages, **asked), "PermissionSets")
    for arn in sets:
        described = client.describe_permission_set(InstanceArn=instance, PermissionSetArn=arn)["PermissionSet"]
        read = pages(client, "list_account_assignments", most_pages, **asked, PermissionSetArn=arn)
        for one in gathered(read, "AccountAssignments"):
            kind, identifier = one["PrincipalType"].lower(), one["PrincipalId"]
            yield {"account": f"identity center {kind}/{identifier}", "owner": "", "rights": described["Name"]}
