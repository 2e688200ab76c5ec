"""RDS proxies of a sandbox, as an operator makes them and as a client of PostgreSQL meets them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import yaml

from support.aws import client
from support.calling import call, defaults
from support.killing import wait_for
from support.rotation import APPLICATION, http, login
from support.sandbox import PROJECT, Sandbox

PORT = 5432
ROLE = "arn:aws:iam::204867531290:role/hasivu-proxy"


class Proxy:
    """One proxy of a sandbox."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        """Keep which one is meant."""
        self.sandbox = sandbox
        self.name = name
        self.rds = client(sandbox, "rds")

    def create(self, *secrets: str, require_tls: bool = False) -> None:
        """Make it for the logins in some secrets, and wait until it is available."""
        api = client(self.sandbox, "secretsmanager")
        arns = [api.describe_secret(SecretId=secret)["ARN"] for secret in secrets]
        subnets = [one["SubnetId"] for one in client(self.sandbox, "ec2").describe_subnets()["Subnets"]]
        self.rds.create_db_proxy(
            DBProxyName=self.name,
            EngineFamily="POSTGRESQL",
            RoleArn=ROLE,
            VpcSubnetIds=subnets,
            RequireTLS=require_tls,
            Auth=[{"AuthScheme": "SECRETS", "SecretArn": arn, "IAMAuth": "DISABLED"} for arn in arns],
        )
        wait_for(lambda: self.show()["Status"] == "available")

    def delete(self) -> None:
        """Delete it, and wait until it is gone."""
        self.rds.delete_db_proxy(DBProxyName=self.name)
        wait_for(lambda: self.name not in [one["DBProxyName"] for one in self.rds.describe_db_proxies()["DBProxies"]])

    def show(self) -> dict[str, Any]:
        """Return it as RDS shows it."""
        found: dict[str, Any] = self.rds.describe_db_proxies(DBProxyName=self.name)["DBProxies"][0]
        return found

    def targets(self) -> dict[str, dict[str, str]]:
        """Return the health of each target."""
        found = self.rds.describe_db_proxy_targets(DBProxyName=self.name)["Targets"]
        return {one["RdsResourceId"]: one["TargetHealth"] for one in found}

    def register(self, instance: str) -> None:
        """Let it lead to an instance."""
        self.rds.register_db_proxy_targets(DBProxyName=self.name, DBInstanceIdentifiers=[instance])

    def deregister(self, instance: str) -> None:
        """Let it lead there no more."""
        self.rds.deregister_db_proxy_targets(DBProxyName=self.name, DBInstanceIdentifiers=[instance])

    def wait(self, instance: str, state: str) -> None:
        """Wait until a target is in a state."""
        wait_for(lambda: self.targets()[instance]["State"] == state)

    def connect(self, user: str, password: str, **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """Log in through it."""
        where = {"host": self.show()["Endpoint"], "port": PORT, "dbname": "hasivu_sandbox"}
        return psycopg.connect(**where, user=user, password=password, autocommit=True, **options)


@contextmanager
def proxy(sandbox: Sandbox, name: str, *secrets: str, require_tls: bool = False) -> Iterator[Proxy]:
    """Have a proxy for a while."""
    made = Proxy(sandbox, name)
    made.create(*(secrets or (APPLICATION,)), require_tls=require_tls)
    try:
        yield made
    finally:
        made.delete()


def lead_application_through(sandbox: Sandbox, before: Proxy) -> None:
    """Let the published login and the whole application come through a proxy."""
    api, version = client(sandbox, "secretsmanager"), str(uuid.uuid4())
    text = json.dumps({**login(sandbox), "host": before.show()["Endpoint"], "port": PORT})
    api.put_secret_value(SecretId=APPLICATION, ClientRequestToken=version, SecretString=text)
    file = PROJECT / "inventory" / "sandbox" / "group_vars" / "all" / "rotation.yml"
    known = yaml.safe_load(file.read_text())["rotation_logins"]["application"]
    keys = {**known["keys"], "host": "host", "port": "port", "dbname": "dbname"}
    named = {"secret_id": APPLICATION, "version_id": version, "name": known["kubernetes_secret"], "keys": keys}
    synced = call(sandbox, "kubernetes_secret_sync", **defaults(sandbox), **named)
    assert "changed_at" in synced, synced
    cluster = {name: value for name, value in defaults(sandbox).items() if name != "region"}
    for name in known["deployments"]:
        wanted = {"name": name, "version": version, "since": synced["changed_at"], "seconds": 90}
        rolled = call(sandbox, "deployment_rollout", **cluster, **wanted)
        assert not rolled.get("failed"), rolled
    assert http(sandbox, "/ready")["status"] == "ready"
