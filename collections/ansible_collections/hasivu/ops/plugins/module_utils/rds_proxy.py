# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""RDS proxies: which one leads clients to an instance, whether it could lead them elsewhere, and sending them there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.aws import error_code
from ansible_collections.hasivu.ops.plugins.module_utils.rds import plain

Fields = dict[str, Any]

# An endpoint of a proxy for PostgreSQL listens here; RDS neither tells nor changes it.
PORT = 5432
# What RDS answers to a change that was made already, as by a call whose answer was lost.
MADE_ALREADY = ("DBProxyTargetAlreadyRegisteredFault", "DBProxyTargetNotFoundFault")
AVAILABLE, HOPELESS = "AVAILABLE", ("AUTH_FAILURE",)


class TargetError(Exception):
    """Raised when a proxy does not come to lead to an instance; says what to do, and how the run ends."""

    def __init__(self, message: str, stop: str = "resumable") -> None:
        """Keep the sentence and the end of the run."""
        super().__init__(message)
        self.stop = stop


def proxies(rds: Any) -> list[Fields]:
    """Return every proxy of the Region with its group and the health of each target."""
    pages = rds.get_paginator("describe_db_proxies").paginate()
    return [described(rds, plain(one)) for page in pages for one in page["DBProxies"]]


def described(rds: Any, shown: Fields) -> Fields:
    """Return what a procedure needs to know of a proxy."""
    name = shown["DBProxyName"]
    groups = rds.describe_db_proxy_target_groups(DBProxyName=name)["TargetGroups"]
    return {
        "name": name,
        "status": shown["Status"],
        "host": shown["Endpoint"],
        "port": PORT,
        "target_group": next((one["TargetGroupName"] for one in groups if one["IsDefault"]), ""),
        "secrets": [one["SecretArn"] for one in shown.get("Auth", []) if one.get("SecretArn")],
        "targets": targets(rds, name),
    }


def targets(rds: Any, proxy: str) -> dict[str, Fields]:
    """Return the health of each target of a proxy by the name of its instance."""
    pages = rds.get_paginator("describe_db_proxy_targets").paginate(DBProxyName=proxy)
    found = [plain(one) for page in pages for one in page["Targets"]]
    return {one["RdsResourceId"]: one.get("TargetHealth", {}) for one in found}


def points_at(fields: Fields, proxy: Fields) -> bool:
    """Tell whether the fields of a login name the endpoint of a proxy."""
    return (fields.get("host"), str(fields.get("port", PORT))) == (proxy["host"], str(proxy["port"]))


def chosen(found: list[Fields], name: str, instance: str, login: Fields) -> Fields:
    """Return the proxy that is named, or else the one before an instance that a login comes through; or nothing."""
    if name:
        return next((one for one in found if one["name"] == name), {})
    leading = [one for one in found if instance in one["targets"]]
    through = [one for one in leading if points_at(login, one)]
    return next(iter([*through, *leading]), {})


def objections(proxy: Fields, name: str, instance: str, login: Fields, secret_arn: str) -> list[str]:
    """Return why clients cannot be sent elsewhere by a proxy; nothing where they can."""
    if not proxy:
        return [f"There is no RDS proxy {name}." if name else f"No RDS proxy leads to {instance}."]
    called, others = f"The RDS proxy {proxy['name']}", sorted(proxy["targets"].keys() - {instance})
    said = {
        f"{called} is {proxy['status']}, and takes no change.": proxy["status"] != "available",
        f"{called} leads to {', '.join(others)}, not to {instance}.": bool(others),
        f"{called} does not use the login of the application.": secret_arn not in proxy["secrets"],
        f"The login of the application names {login.get('host', 'no host')}, not the endpoint {proxy['host']} of "
        f"{proxy['name']}.": not points_at(login, proxy),
    }
    return [sentence for sentence, holds in said.items() if holds]


class Leading:
    """A proxy, and the instance that it shall lead to."""

    def __init__(self, rds: Any, options: Fields, tell: Callable[[str], None]) -> None:
        """Work with a client of RDS and the options of the module."""
        self._rds = rds
        self._options = options
        self._tell = tell
        self._deadline = time.monotonic() + options["deadline_seconds"]
        self.proxy = str(options["proxy"])
        self.wanted = str(options["instance_id"])

    def find(self) -> dict[str, Fields]:
        """Return the present targets with their health."""
        return targets(self._rds, self.proxy)

    def differs(self, before: dict[str, Fields]) -> bool:
        """Tell whether a target is to be registered or deregistered."""
        return set(before) != ({self.wanted} if self.wanted else set())

    def lead(self, before: dict[str, Fields]) -> None:
        """Deregister every other target, and register the one that is wanted.

        Raises:
            TargetError: The proxy takes no change.
        """
        for name in sorted(before.keys() - {self.wanted}):
            self._change(self._rds.deregister_db_proxy_targets, name)
            self._tell(f"{self.proxy} leads to {name} no more")
        if self.wanted and self.wanted not in before:
            self._change(self._rds.register_db_proxy_targets, self.wanted)
            self._tell(f"{self.proxy} registers {self.wanted}")

    def wait(self) -> Fields:
        """Return the health of the target once clients are sent there.

        Raises:
            TargetError: It does not come about in time, or cannot.
        """
        while True:
            found = self.find()
            if self.differs(found):
                others = ", ".join(sorted(found)) or "no instance"
                raise TargetError(
                    f"Somebody else changes {self.proxy}: it leads to {others}. Find out who, then resume."
                )
            health = found.get(self.wanted, {})
            if not self.wanted or health.get("State") == AVAILABLE:
                return health
            self._pause(health)

    def _change(self, call: Callable[..., Any], instance: str) -> None:
        group = {"DBProxyName": self.proxy, "TargetGroupName": self._options["target_group"]}
        try:
            call(**group, DBInstanceIdentifiers=[instance])
        except Exception as error:  # boto3 raises errors of many families
            if error_code(error) not in MADE_ALREADY:
                raise

    def _pause(self, health: Fields) -> None:
        """Let some time pass.

        Raises:
            TargetError: Waiting does not help, or has lasted too long.
        """
        state = " ".join(str(health[key]) for key in ("State", "Reason", "Description") if health.get(key))
        if health.get("Reason") in HOPELESS:
            advice = "Its secrets and the roles of the database do not agree: mend the login, then resume."
            raise TargetError(f"{self.proxy} cannot log in to {self.wanted} ({state}). {advice}")
        if time.monotonic() > self._deadline:
            waits = f"{self.wanted} is still {state or 'unknown'} behind {self.proxy}."
            raise TargetError(f"{waits} Look at its security groups, then resume.", "budget")
        self._tell("")
        time.sleep(self._options["poll_seconds"])
