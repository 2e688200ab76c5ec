# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way of our modules to AWS: bounded waits, retries as AWS asks for them, and errors as sentences."""

from __future__ import annotations

import functools
import os
import threading
import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils import rehearsal

try:
    import boto3
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.loaders import create_loader
except ImportError:
    BOTO3_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    BOTO3_IMPORT_ERROR = None

AWS_OPTIONS: dict[str, dict[str, Any]] = {
    "region": {"type": "str", "required": True},
    "endpoint_url": {"type": "str"},
}

# The models of AWS's services are read from disk once for a run, in the parent, and shared by all workers.
MODELS = None if BOTO3_IMPORT_ERROR else create_loader()
# A session that the parent has made and not used; each worker that is forked finds it here.
SPARE: list[Any] = []

# Of sessions, botocore lets one thread at a time make clients; clients themselves may be used by many threads.
MAKING = threading.Lock()
Origin = tuple[Any, ...]

ATTEMPTS = 8
CONNECT_SECONDS = 5
READ_SECONDS = 60


def client(module: AnsibleModule, service: str, attempts: int = ATTEMPTS, region: str | None = None) -> Any:
    """Return a boto3 client of a service with the module's region, standard retries and bounded waits.

    Args:
        module: The module whose parameters hold region and endpoint; it fails when boto3 or the service is missing.
        service: Name of the service as boto3 knows it, such as `rds`.
        attempts: How often a call is tried in all.
        region: Another Region than that of the module.
    """
    if BOTO3_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=BOTO3_IMPORT_ERROR)
    try:
        return new_client(service, region or module.params["region"], module.params["endpoint_url"], attempts)
    except (BotoCoreError, ValueError) as error:
        module.fail_json(
            msg=f"AWS cannot be called: {error}. Check the region, the profile and the service.", stop="bad_input"
        )


def new_client(service: str, region: str, endpoint_url: str | None, attempts: int = ATTEMPTS) -> Any:
    """Return a boto3 client with standard retries and bounded waits; whoever asks for the same again gets the same.

    Raises:
        BotoCoreError: The service or the profile is unknown.
    """
    with MAKING:
        return kept_client(service, region, endpoint_url, attempts, origin())


def session() -> boto3.Session:
    """Return the session of this process for the profile and the credentials that its environment names now."""
    with MAKING:
        return kept_session(origin())


@functools.cache
def kept_client(service: str, region: str, endpoint_url: str | None, attempts: int, whence: Origin) -> Any:
    """Return the client of a process."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        user_agent_extra="hasivu-ops",
    )
    made = kept_session(whence).client(service, region_name=region, endpoint_url=endpoint_url, config=config)
    made.meta.events.register("before-call", rehearsal.refuse_operation)
    return made


@functools.cache
def kept_session(_whence: Origin) -> boto3.Session:
    """Return the session of a process, which reads profile and credentials when it is first asked for them."""
    return boto3.Session(botocore_session=SPARE.pop() if SPARE else new_session())


def origin() -> Origin:
    """Return what a session depends on: settings, and the process, for two of them must not use one connection."""
    settings = ((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))
    return (os.getpid(), *sorted(settings))


def new_session() -> Any:
    """Return a new session of botocore over the models that are loaded already."""
    made = botocore.session.Session()
    made.register_component("data_loader", MODELS)
    return made


@functools.cache
def preload(service: str) -> None:
    """Load once what a client of a service needs, without looking for a region, a profile or credentials.

    Each worker finds a session that is made already, for making one takes as long as a call to AWS.
    """
    if not BOTO3_IMPORT_ERROR:
        nobody = {"aws_access_key_id": "preload", "aws_secret_access_key": "preload"}
        loading().create_client(service, region_name="us-east-1", **nobody)
        if not SPARE:
            SPARE.append(new_session())


@functools.cache
def loading() -> Any:
    """Return the session that loads models in the parent, and calls nobody."""
    return new_session()


def error_code(error: Exception) -> str:
    """Return the code that AWS gave an error, such as `PreconditionFailed`, or the kind of a local error."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(error).__name__)
