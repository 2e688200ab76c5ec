# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which instances may be deleted: those that bear the tags of their maker, that nobody uses and nothing protects.

Decisions only. What is not certain is an objection: an instance too many costs money, one too few costs the data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rds import RUN_TAG, moment, tags_of

Fields = dict[str, Any]
PURPOSE_TAG = "hasivu-purpose"
DELETE_AFTER_TAG = "hasivu-delete-after"
DELETING = "deleting"


@dataclass(frozen=True)
class Use:
    """Where a secret sends its users."""

    secret: str
    host: str
    port: str
    instance: str

    def means(self, shown: Fields) -> bool:
        """Tell whether that is an instance; a secret without a port means every port of its host."""
        if self.instance and self.instance == shown["DBInstanceIdentifier"]:
            return True
        endpoint = shown.get("Endpoint") or {}
        same_port = self.port in ("", str(endpoint.get("Port")))
        return bool(self.host) and self.host == endpoint.get("Address") and same_port


@dataclass(frozen=True)
class Rules:
    """What an instance must bear, and what it must not be."""

    purpose: str
    never: tuple[str, ...]
    uses: tuple[Use, ...]

    def objections(self, shown: Fields) -> list[str]:
        """Return why an instance may not be deleted; nothing where it may."""
        tags, name = tags_of(shown), shown["DBInstanceIdentifier"]
        found = []
        if tags.get(PURPOSE_TAG) != self.purpose or not tags.get(RUN_TAG):
            found.append(f"it does not bear the tags {PURPOSE_TAG}={self.purpose} and {RUN_TAG}")
        if name in self.never:
            found.append("it is the database of the inventory")
        found += [f"the secret {use.secret} sends its users there" for use in self.uses if use.means(shown)]
        if shown.get("DeletionProtection") is not False:
            found.append("it is protected from deletion")
        if shown.get("ReadReplicaDBInstanceIdentifiers"):
            found.append("it has read replicas")
        if shown.get("DBClusterIdentifier"):
            found.append("it is a member of a cluster")
        return found


def use_of(secret: str, content: Fields) -> Use:
    """Return where a secret sends its users, and nothing else of it."""
    host, port = str(content.get("host") or ""), str(content.get("port") or "")
    return Use(secret, host, port, str(content.get("dbInstanceIdentifier") or ""))


def of_run(instances: Iterable[Fields], run_id: str) -> list[Fields]:
    """Return the instances that a run has made, whatever else they bear."""
    return [shown for shown in instances if tags_of(shown).get(RUN_TAG) == run_id]


def overdue(instances: Iterable[Fields], purpose: str, now: datetime) -> list[Fields]:
    """Return the instances of a purpose whose day has passed, those with an unreadable day included."""
    own = [shown for shown in instances if tags_of(shown).get(PURPOSE_TAG) == purpose]
    return [shown for shown in own if not (day := day_of(shown)) or day < now]


def day_of(shown: Fields) -> datetime | None:
    """Return when an instance may be deleted, or nothing where that is not known."""
    try:
        return moment(tags_of(shown).get(DELETE_AFTER_TAG, ""))
    except ValueError:
        return None


def told(shown: Fields) -> Fields:
    """Return what a reader wants to know of an instance that is deleted."""
    tags = tags_of(shown)
    return {
        "id": shown["DBInstanceIdentifier"],
        "resource": shown["DbiResourceId"],
        "run": tags.get(RUN_TAG, ""),
        "delete_after": tags.get(DELETE_AFTER_TAG, ""),
        "status": shown["DBInstanceStatus"],
    }
