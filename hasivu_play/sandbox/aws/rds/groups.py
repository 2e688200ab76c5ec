"""The groups that an instance belongs to, as ministack keeps them, and the keys that encrypt it."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import request_scope
from ministack.services import kms
from ministack.services import rds as emulated

from hasivu_play.sandbox.aws.environment import ACCOUNT
from hasivu_play.sandbox.aws.rds.errors import RdsError, bad_combination, not_found

Fields = dict[str, Any]
DEFAULT_SUBNETS = "default"


def major(version: str) -> str:
    """Return the major version of PostgreSQL."""
    return version.partition(".")[0]


def default_parameters(version: str) -> str:
    """Return the name of the default parameter group."""
    return f"default.postgres{major(version)}"


def default_options(version: str) -> str:
    """Return the name of the default option group."""
    return f"default:postgres-{major(version)}"


def check_parameters(region: str, name: str, version: str) -> None:
    """Refuse a parameter group that does not exist or belongs to another version.

    Raises:
        RdsError: It does.
    """
    with request_scope(ACCOUNT, region):
        group = emulated._param_groups.get(name)
    if group is None and name != default_parameters(version):
        raise not_found("DBParameterGroupNotFound", f"DBParameterGroup not found: {name}")
    family = group["DBParameterGroupFamily"] if group else f"postgres{major(version)}"
    if family != f"postgres{major(version)}":
        message = f"The parameter group {name} with DBParameterGroupFamily {family} can't be used for this instance."
        raise bad_combination(f"{message} Please use a parameter group with family postgres{major(version)}.")


def check_options(region: str, name: str, version: str) -> None:
    """Refuse an option group that does not exist.

    Raises:
        RdsError: It does not.
    """
    with request_scope(ACCOUNT, region):
        known = name in emulated._option_groups
    if not known and name != default_options(version):
        raise not_found("OptionGroupNotFoundFault", f"Specified OptionGroupName: {name} not found.")


def subnet_group(region: str, name: str) -> Fields:
    """Return a subnet group as instances show it.

    Raises:
        RdsError: There is none.
    """
    with request_scope(ACCOUNT, region):
        group = emulated._subnet_groups.get(name)
    if group is None:
        raise not_found("DBSubnetGroupNotFoundFault", f"DBSubnetGroup {name} not found.")
    return dict(group)


def check_key(region: str, key: str) -> None:
    """Refuse a key that is not enabled.

    Raises:
        RdsError: It is not.
    """
    if not key:
        return
    with request_scope(ACCOUNT, region):
        found = kms._keys.get(key.rpartition("/")[2])
    if found is None or found["KeyState"] != "Enabled":
        message = f"The specified KMS key [{key}] does not exist, is not enabled or you do not have permissions to"
        raise RdsError("KMSKeyNotAccessibleFault", f"{message} access it.")
