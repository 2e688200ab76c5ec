"""CreateDBProxy and what is done to a proxy and its targets."""

from __future__ import annotations

import re
import secrets
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import ec2

from hasivu_play.sandbox.aws.environment import ACCOUNT
from hasivu_play.sandbox.aws.rds import paging
from hasivu_play.sandbox.aws.rds.errors import RdsError, bad_combination, bad_value, not_found
from hasivu_play.sandbox.aws.rds.moments import timestamp
from hasivu_play.sandbox.aws.rds.proxy_doors import Doors
from hasivu_play.sandbox.aws.rds.proxy_health import Healths, instance_of
from hasivu_play.sandbox.aws.rds.steps import Steps
from hasivu_play.sandbox.aws.rds.store import Instance, Proxy, Store, arn
from hasivu_play.sandbox.aws.rds.work import Step

Fields = dict[str, Any]
GROUP = "default"
MOST_PROXIES = 20
NAME = re.compile(r"[a-zA-Z](?:-?[a-zA-Z0-9]+)*")
POOL = {"MaxConnectionsPercent": 100, "MaxIdleConnectionsPercent": 50, "ConnectionBorrowTimeout": 120}
ENTRY = ("Description", "UserName", "AuthScheme", "SecretArn", "IAMAuth", "ClientPasswordAuthType")
TARGETS = ("DBProxyName", "TargetGroupName", "DBInstanceIdentifiers")
PARAMETERS = {
    "CreateDBProxy": (
        *("DBProxyName", "EngineFamily", "Auth", "RoleArn", "VpcSubnetIds", "VpcSecurityGroupIds"),
        *("RequireTLS", "IdleClientTimeout", "DebugLogging"),
    ),
    "DeleteDBProxy": ("DBProxyName",),
    "DescribeDBProxies": (*paging.PAGING, "DBProxyName"),
    "DescribeDBProxyTargetGroups": (*paging.PAGING, "DBProxyName", "TargetGroupName"),
    "DescribeDBProxyTargets": (*paging.PAGING, "DBProxyName", "TargetGroupName"),
    "RegisterDBProxyTargets": TARGETS,
    "DeregisterDBProxyTargets": TARGETS,
}


class Proxies:
    """The operations on proxies, and what is done to them."""

    def __init__(self, store: Store, doors: Doors, healths: Healths, steps: Steps) -> None:
        """Work on what is in the store."""
        self._store = store
        self._doors = doors
        self._healths = healths
        self._steps = steps

    def steps(self) -> dict[str, Step]:
        """Return the steps by name."""
        return {"open_proxy": self._open, "close_proxy": self._close}

    def create(self, region: str, asked: Fields) -> Fields:
        """Answer CreateDBProxy."""
        name = asked["DBProxyName"]
        check(asked)
        here = [proxy for proxy in self._store.proxies if proxy.region == region]
        if any(proxy.name == name for proxy in here):
            raise RdsError("DBProxyAlreadyExistsFault", f"The proxy name {name} must be unique in the Region.")
        if len(here) >= MOST_PROXIES:
            raise RdsError("DBProxyQuotaExceededFault", "Your account has the maximum number of proxies already.")
        shown = described(region, asked, self._doors.new_address([proxy.shown for proxy in self._store.proxies]))
        proxy = Proxy(shown, region, group(region, name), work=[{"do": "open_proxy"}])
        self._store.proxies.append(proxy)
        self._store.save()
        return {"DBProxy": proxy.shown}

    def delete(self, region: str, asked: Fields) -> Fields:
        """Answer DeleteDBProxy."""
        proxy = self._available(region, asked["DBProxyName"])
        proxy.shown["Status"] = "deleting"
        proxy.work.append({"do": "close_proxy"})
        self._store.save()
        return {"DBProxy": proxy.shown}

    def describe(self, region: str, asked: Fields) -> Fields:
        """Answer DescribeDBProxies."""
        found = sorted((one for one in self._store.proxies if one.region == region), key=lambda one: one.name)
        if "DBProxyName" in asked:
            found = [self._store.proxy(region, asked["DBProxyName"])]
        chosen = paging.chosen(found, asked, {})
        return paging.page("DBProxies", [proxy.shown for proxy in chosen], asked)

    def groups(self, region: str, asked: Fields) -> Fields:
        """Answer DescribeDBProxyTargetGroups; RDS gives each proxy one group."""
        proxy = self._of_group(region, asked)
        return paging.page("TargetGroups", paging.chosen([proxy.group], asked, {}), asked)

    def targets(self, region: str, asked: Fields) -> Fields:
        """Answer DescribeDBProxyTargets."""
        proxy = self._of_group(region, asked)
        found = [self._target(proxy, resource) for resource in paging.chosen(proxy.targets, asked, {})]
        return paging.page("Targets", found, asked)

    def register(self, region: str, asked: Fields) -> Fields:
        """Answer RegisterDBProxyTargets: one target at most, which then is tried before clients are sent there."""
        proxy = self._of_group(region, asked)
        self._available(region, proxy.name)
        wanted = [self._store.instance(region, name) for name in asked.get("DBInstanceIdentifiers", [])]
        for instance in wanted:
            if resource_of(instance) in proxy.targets:
                message = f"The proxy is already associated with the specified RDS DB instance {instance.name}."
                raise RdsError("DBProxyTargetAlreadyRegisteredFault", message)
        if not wanted or len(proxy.targets) + len(wanted) > 1:
            raise bad_value("A proxy can be associated with a single target DB instance: one must be named.")
        proxy.targets.append(resource_of(wanted[0]))
        self._store.save()
        return {"DBProxyTargets": [self._target(proxy, resource) for resource in proxy.targets]}

    def deregister(self, region: str, asked: Fields) -> Fields:
        """Answer DeregisterDBProxyTargets; whoever is connected there through the proxy is cut off."""
        proxy = self._of_group(region, asked)
        self._available(region, proxy.name)
        named = {self._name(proxy, resource): resource for resource in proxy.targets}
        for name in asked.get("DBInstanceIdentifiers", []):
            if name.lower() not in named:
                message = f"The specified RDS DB instance {name} isn't a target of the proxy {proxy.name}."
                raise not_found("DBProxyTargetNotFoundFault", message)
        for name in asked.get("DBInstanceIdentifiers", []):
            proxy.targets.remove(named[name.lower()])
            self._healths.forget(proxy, named[name.lower()])
        self._store.save()
        self._doors.cut_off(proxy)
        return {}

    def _open(self, proxy: Proxy, work: Fields) -> bool:
        """Listen, and say so; a fault may let a proxy be created for ever."""
        self._steps.pause()
        if self._steps.fault("rds_proxy_ends") == "creating":
            return False
        self._doors.open(proxy)
        with self._store.lock:
            proxy.shown |= {"Status": "available", "UpdatedDate": timestamp()}
            proxy.group |= {"Status": "available", "UpdatedDate": timestamp()}
        return True

    def _close(self, proxy: Proxy, work: Fields) -> bool:
        """Listen no more, and forget the proxy."""
        self._doors.close(proxy)
        self._steps.pause()
        with self._store.lock:
            self._store.proxies.remove(proxy)
        return True

    def _available(self, region: str, name: str) -> Proxy:
        proxy = self._store.proxy(region, name)
        if proxy.shown["Status"] != "available":
            message = f"The requested operation can't be performed while the proxy {name} is {proxy.shown['Status']}."
            raise RdsError("InvalidDBProxyStateFault", message)
        return proxy

    def _of_group(self, region: str, asked: Fields) -> Proxy:
        proxy = self._store.proxy(region, asked["DBProxyName"])
        if asked.get("TargetGroupName", GROUP) != GROUP:
            message = f"The specified target group isn't available for the proxy {proxy.name}."
            raise not_found("DBProxyTargetGroupNotFoundFault", message)
        return proxy

    def _name(self, proxy: Proxy, resource: str) -> str:
        instance = instance_of(self._store, proxy, resource)
        return instance.name if instance else resource

    def _target(self, proxy: Proxy, resource: str) -> Fields:
        """Return a target as RDS shows it now."""
        instance = instance_of(self._store, proxy, resource)
        health = self._healths.of(proxy, resource)
        port = self._store.port(instance) if instance else None
        return {
            "TargetArn": instance.shown["DBInstanceArn"] if instance else None,
            "Endpoint": "127.0.0.1" if port else None,
            "Port": port,
            "RdsResourceId": self._name(proxy, resource),
            "Type": "RDS_INSTANCE",
            "Role": "READ_WRITE" if health["State"] == "AVAILABLE" else "UNKNOWN",
            "TargetHealth": health,
        }


def check(asked: Fields) -> None:
    """Refuse a proxy that RDS would not make, and one that the emulator could not be.

    Raises:
        RdsError: It is one of these.
    """
    if not NAME.fullmatch(asked["DBProxyName"]) or len(asked["DBProxyName"]) > 63:
        raise bad_value("DBProxyName must begin with a letter and hold letters, digits and single hyphens only.")
    if not asked.get("Auth"):
        raise bad_combination("Auth is required when DefaultAuthScheme is not specified or is NONE.")
    others = {
        f"EngineFamily={asked['EngineFamily']}": asked["EngineFamily"] != "POSTGRESQL",
        "IAMAuth": any(entry.get("IAMAuth", "DISABLED") != "DISABLED" for entry in asked["Auth"]),
        "Auth without SecretArn": any("SecretArn" not in entry for entry in asked["Auth"]),
    }
    unknown = sorted(name for name, there in others.items() if there)
    if unknown:
        raise RdsError("NotImplemented", f"The sandbox's AWS emulator does not know {', '.join(unknown)}.", 501)


def described(region: str, asked: Fields, address: str) -> Fields:
    """Return what DescribeDBProxies shows of a new proxy."""
    with request_scope(ACCOUNT, region):
        ec2._ensure_defaults_initialized()
        networks = {ec2._subnets[subnet]["VpcId"] for subnet in asked["VpcSubnetIds"] if subnet in ec2._subnets}
        missing = [subnet for subnet in asked["VpcSubnetIds"] if subnet not in ec2._subnets]
    if missing or len(networks) != 1:
        raise RdsError("InvalidSubnet", "The requested subnet is invalid, or subnets aren't all in one VPC.")
    entry = {"AuthScheme": "SECRETS", "IAMAuth": "DISABLED", "ClientPasswordAuthType": "POSTGRES_SCRAM_SHA_256"}
    return {
        "DBProxyName": asked["DBProxyName"],
        "DBProxyArn": arn(region, "db-proxy", f"prx-{secrets.token_hex(8)}"),
        "Status": "creating",
        "EngineFamily": asked["EngineFamily"],
        "VpcId": networks.pop(),
        "VpcSecurityGroupIds": asked.get("VpcSecurityGroupIds", []),
        "VpcSubnetIds": asked["VpcSubnetIds"],
        "Auth": [{**entry, **{name: one[name] for name in ENTRY if name in one}} for one in asked["Auth"]],
        "RoleArn": asked["RoleArn"],
        "Endpoint": address,
        "RequireTLS": bool(asked.get("RequireTLS", False)),
        "IdleClientTimeout": asked.get("IdleClientTimeout", 1800),
        "DebugLogging": asked.get("DebugLogging", False),
        "CreatedDate": timestamp(),
        "UpdatedDate": timestamp(),
    }


def group(region: str, name: str) -> Fields:
    """Return what DescribeDBProxyTargetGroups shows of a new proxy."""
    return {
        "DBProxyName": name,
        "TargetGroupName": GROUP,
        "TargetGroupArn": arn(region, "target-group", f"prx-tg-{secrets.token_hex(8)}"),
        "IsDefault": True,
        "Status": "creating",
        "ConnectionPoolConfig": {**POOL, "SessionPinningFilters": []},
        "CreatedDate": timestamp(),
        "UpdatedDate": timestamp(),
    }


def resource_of(instance: Instance) -> str:
    """Return the identity of an instance."""
    return str(instance.shown["DbiResourceId"])
