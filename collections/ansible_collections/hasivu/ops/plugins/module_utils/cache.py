# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way of our modules to a cache: one login by token, bounded waits, and errors that hold no token."""

from __future__ import annotations

import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils import rehearsal
from ansible_collections.hasivu.ops.plugins.module_utils.secret import Secret, SecretError

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError:
    redis = None
    REDIS_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    REDIS_IMPORT_ERROR = None

SECONDS = 3.0
FIELD = "password"

CACHE_OPTIONS: dict[str, dict[str, Any]] = {
    "replication_group_id": {"type": "str", "required": True},
    "tls": {"type": "bool", "default": True},
    "tls_ca": {"type": "path"},
}


class CacheError(Exception):
    """Raised when the cache, or ElastiCache, does not do what was asked; `code` is that of AWS, where it gave one."""

    def __init__(self, message: str, code: str = "") -> None:
        """Keep the sentence and the code."""
        super().__init__(message)
        self.code = code


def check_library(module: AnsibleModule) -> None:
    """Fail the module when the client library is missing."""
    if REDIS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("redis"), exception=REDIS_IMPORT_ERROR)


def token_of(secret: Secret, version: str) -> str | None:
    """Return the token of a version of a secret, or nothing where there is no such version.

    Raises:
        SecretError: Secrets Manager does not tell, or the version holds no token.
    """
    if not version or secret.text(version) is None:
        return None
    token = secret.fields(version).get(FIELD)
    if not token:
        raise SecretError(f"Version {version} of {secret.name} has no field {FIELD}, which is the token.")
    return str(token)


def connection(options: dict[str, Any], address: tuple[str, int], token: str) -> redis.Redis:
    """Return a client that tries once: with its usual retries a refused token would take seconds to be called so.

    In a rehearsal it refuses to send a command that changes something.
    """
    host, port = address
    tls = {"ssl": True, "ssl_ca_certs": options["tls_ca"]} if options["tls"] else {}
    made = redis.Redis(
        host=host,
        port=port,
        password=token,
        client_name="hasivu-ops",
        socket_timeout=SECONDS,
        socket_connect_timeout=SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
        **tls,
    )
    send = made.execute_command

    def refuse_or_send(*arguments: Any, **options: Any) -> Any:
        rehearsal.refuse_command(*arguments)
        return send(*arguments, **options)

    made.execute_command = refuse_or_send
    return made


def is_let_in(options: dict[str, Any], address: tuple[str, int], token: str) -> bool:
    """Tell whether the cache lets a token in.

    Raises:
        CacheError: The cache cannot be asked.
    """
    try:
        with connection(options, address, token) as client:
            client.ping()
    except redis.AuthenticationError:
        return False
    except redis.RedisError as error:
        raise not_reached(address, error) from None
    return True


def not_reached(address: tuple[str, int], error: Exception) -> CacheError:
    """Return the error for a cache that cannot be asked; what the library says of it holds no token."""
    where = f"{address[0]}:{address[1]}"
    return CacheError(f"The cache at {where} does not answer: {error}. Check the cluster and the network.")
