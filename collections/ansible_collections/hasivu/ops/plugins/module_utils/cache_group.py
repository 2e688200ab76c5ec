# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A replication group of ElastiCache: where it is, whether it changes now, and a change of its AUTH token."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import client, error_code
from ansible_collections.hasivu.ops.plugins.module_utils.cache import CacheError
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import stop_requested

AVAILABLE = "available"
FIRST_LOOK_SECONDS = 0.25
LONGEST_LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class Group:
    """One replication group, asked anew by each call."""

    caller: Any
    name: str

    def read(self) -> dict[str, Any]:
        """Return what ElastiCache tells of the group.

        Raises:
            CacheError: It does not exist, or ElastiCache does not answer.
        """
        try:
            answer = self.caller.describe_replication_groups(ReplicationGroupId=self.name)
        except Exception as error:  # boto3 raises errors of many families; each is a sentence here
            raise CacheError(f"ElastiCache does not tell of {self.name}: {reason(error)}.", error_code(error)) from None
        found: dict[str, Any] = answer["ReplicationGroups"][0]
        return found

    def change_token(self, token: str, strategy: str) -> None:
        """Ask for another token; it is accepted once the group is available again.

        Raises:
            CacheError: ElastiCache refuses, or does not answer.
        """
        wanted = {"AuthToken": token, "AuthTokenUpdateStrategy": strategy, "ApplyImmediately": True}
        try:
            self.caller.modify_replication_group(ReplicationGroupId=self.name, **wanted)
        except Exception as error:  # boto3 raises errors of many families; what they say may quote the token
            said = reason(error).replace(token, "(the token)")
            raise CacheError(
                f"ElastiCache did not {strategy} the token of {self.name}: {said}.", error_code(error)
            ) from None

    def wait_until_available(self, seconds: float, stop_file: str | None) -> dict[str, Any]:
        """Return the group once no change is under way.

        Raises:
            CacheError: The time is over, the group is going away, or a stop was asked for.
        """
        deadline, pause = time.monotonic() + seconds, FIRST_LOOK_SECONDS
        while True:
            found = self.read()
            if found["Status"] == AVAILABLE:
                return found
            if found["Status"] in ("deleting", "create-failed"):
                raise CacheError(f"{self.name} is {found['Status']}.")
            if stopped := stop_requested(stop_file):
                raise CacheError(f"{self.name} is still {found['Status']}, and the run stops: {stopped}.")
            if time.monotonic() > deadline:
                raise CacheError(f"{self.name} is still {found['Status']} after {seconds:g} seconds.")
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_LOOK_SECONDS)


def group_of(module: AnsibleModule) -> Group:
    """Return the group that a module's options name."""
    return Group(client(module, "elasticache"), module.params["replication_group_id"])


def address_of(group: dict[str, Any]) -> tuple[str, int]:
    """Return host and port under which clients reach a group.

    Raises:
        CacheError: It has none yet.
    """
    nodes = group.get("NodeGroups") or [{}]
    found = group.get("ConfigurationEndpoint") or nodes[0].get("PrimaryEndpoint")
    if not found:
        raise CacheError(f"{group['ReplicationGroupId']} is {group['Status']} and has no address yet.")
    return found["Address"], int(found["Port"])


def objections_to(group: dict[str, Any]) -> list[str]:
    """Return a sentence for everything about a group that forbids to rotate its token."""
    name, found = group["ReplicationGroupId"], []
    if not group.get("AuthTokenEnabled"):
        found.append(f"{name} asks for no AUTH token, so there is none to rotate. Switch AUTH on first.")
    if group.get("UserGroupIds"):
        found.append(f"{name} lets users in by RBAC. Rotate the passwords of its users instead.")
    if group["Status"] != AVAILABLE:
        found.append(f"{name} is {group['Status']}. Run again when it is available.")
    return found


def reason(error: Exception) -> str:
    """Return what AWS said, or else only the kind of error, for its text may quote what was sent."""
    said = (getattr(error, "response", None) or {}).get("Error", {})
    return f"{said['Code']}: {said.get('Message', '')}".rstrip(".") if said.get("Code") else type(error).__name__
