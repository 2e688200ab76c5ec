# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Making an access key, whose secret AWS tells once: it is stored at once, or the key is deleted again."""

from __future__ import annotations

import json

from ansible_collections.hasivu.ops.plugins.module_utils.access_key import KEY_ID, Keys
from ansible_collections.hasivu.ops.plugins.module_utils.secret import (
    CURRENT,
    PENDING,
    Secret,
    SecretError,
    fields_of,
    holder_of,
)


def make(secret: Secret, keys: Keys, version: str) -> None:
    """Make a key and store it; one that cannot be stored is deleted again, for nobody will know its secret."""
    current = fields_of(secret.text(holder_of(secret.stages(), CURRENT)) or "", secret.name)
    key = keys.create()
    text = json.dumps({**current, **key})
    try:
        secret.call("put_secret_value", ClientRequestToken=version, SecretString=text, VersionStages=[PENDING])
    except SecretError:
        if secret.text(version) != text:
            keys.delete(key[KEY_ID])
            raise
