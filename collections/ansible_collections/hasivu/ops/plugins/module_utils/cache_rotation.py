# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far the rotation of an AUTH token is, told from the stages of its secret and from who is let in."""

from __future__ import annotations

from ansible_collections.hasivu.ops.plugins.module_utils.rotation_state import Seen, Standing, standing

MEANINGS = {
    "S0": "Nothing has been stored yet.",
    "S1": "The new token is stored as pending; the cache does not accept it yet.",
    "S2": "The cache accepts both tokens; the old one is published.",
    "S4": "The new token is published; clients may still use the old one, and both work.",
    "S7": "The new token is published, and the cache accepts no other.",
    "broken": "The cache does not accept the published token: somebody changed it.",
}


def cache_standing(
    stages: dict[str, list[str]], version_id: str, old_version: str, new_works: bool | None, old_works: bool | None
) -> Standing:
    """Return how far a rotation is.

    Args:
        stages: Stages of each version of the secret.
        version_id: Version that the rotation makes.
        old_version: Version that was current when it began.
        new_works: Whether the cache accepts the token of `version_id`; nothing where there is none to try.
        old_works: Whether it accepts that of `old_version`.
    """
    found = standing(Seen(stages, version_id, old_version, new_works=new_works, old_open=bool(old_works)))
    return Standing(found.state, MEANINGS.get(found.state, found.meaning), found.go_on)
