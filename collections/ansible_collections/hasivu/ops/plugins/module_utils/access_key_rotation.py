# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far the rotation of an access key is, what speaks against it, and when an old key may go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ansible_collections.hasivu.ops.plugins.module_utils.access_key import ACTIVE, LIMIT, Key
from ansible_collections.hasivu.ops.plugins.module_utils.rotation_state import Seen, Standing, standing

MEANINGS = {
    "S0": "Nothing has been stored yet.",
    "S1": "A key is stored as pending, but IAM has no such active key: somebody took it away.",
    "S2": "The second key exists and is stored as pending; the old one is published.",
    "S4": "The second key is published; the old one is active still.",
    "S6": "The second key is published; the old one is inactive and waits to be deleted.",
    "S7": "The second key is published, and the old one is deleted.",
    "broken": "The published key is not active: somebody changed it.",
}


def key_standing(
    stages: dict[str, list[str]], version_id: str, old_version: str, new_key: Key | None, old_key: Key | None
) -> Standing:
    """Return how far a rotation is.

    Args:
        stages: Stages of each version of the secret.
        version_id: Version that the rotation makes.
        old_version: Version that was current when it began.
        new_key: The key of `version_id`, where IAM has it.
        old_key: The key of `old_version`, where IAM has it still.
    """
    is_open = old_key is not None and old_key.status == ACTIVE
    seen = Seen(
        stages=stages,
        version_id=version_id,
        old_version=old_version,
        new_works=new_key is not None and new_key.status == ACTIVE,
        old_open=is_open,
        old_sessions=int(old_key is not None and not is_open),
    )
    found = standing(seen)
    return Standing(found.state, MEANINGS.get(found.state, found.meaning), found.go_on)


def orphans(keys: Iterable[Key], stored: set[str], begun: datetime) -> list[Key]:
    """Return the keys that a rotation made and lost before they were stored.

    Such a key is in no version of the secret, is not older than the rotation, and was never used, for nobody knows its
    secret. IAM tells times in whole seconds.
    """
    moment = begun.replace(microsecond=0)
    return [key for key in keys if key.name not in stored and key.created >= moment and key.used is None]


def objections(keys: Iterable[Key], old_key: Key | None, ours: Iterable[Key]) -> list[str]:
    """Return what speaks against making a second key."""
    found = []
    if old_key is None or old_key.status != ACTIVE:
        found.append("The published key is not active. Mend that first, for there would be no way back.")
    kept = {key.name for key in ours} | ({old_key.name} if old_key else set())
    strangers = [key for key in keys if key.name not in kept]
    found += [
        f"The user has another key {key.shown} ({key.status.lower()}, last used {key.used or 'never'}), and IAM allows "
        f"{LIMIT}. Find out whose it is and delete it; where another rotation left it, resume that run."
        for key in strangers
    ]
    return found


def may_be_deleted_at(key: Key, successor: Key | None, idle_days: float) -> datetime:
    """Return when a key may be deleted: some days after its last use, and after there was a successor."""
    last = max(moment for moment in (key.used or key.created, successor.created if successor else key.created))
    return last + timedelta(days=idle_days)
