"""CreateDBInstanceReadReplica and PromoteReadReplica: a server that follows another one, and takes writes one day."""

from __future__ import annotations

from typing import Any

import psycopg

from hasivu_play.sandbox.aws.rds import settings
from hasivu_play.sandbox.aws.rds.account import Account
from hasivu_play.sandbox.aws.rds.errors import RdsError, bad_combination, bad_value, wrong_state
from hasivu_play.sandbox.aws.rds.moments import timestamp
from hasivu_play.sandbox.aws.rds.snapshots import NAME
from hasivu_play.sandbox.aws.rds.store import Instance, Store, arn, new_resource_id
from hasivu_play.sandbox.aws.rds.view import View
from hasivu_play.sandbox.aws.rds.work import Servers, Step

Fields = dict[str, Any]
SOURCE, REPLICAS = "ReadReplicaSourceDBInstanceIdentifier", "ReadReplicaDBInstanceIdentifiers"
TAKEN = (
    *("DBInstanceClass", "StorageType", "Iops", "StorageThroughput", "MultiAZ", "PubliclyAccessible"),
    *("AutoMinorVersionUpgrade", "CopyTagsToSnapshot", "DeletionProtection", "EnableIAMDatabaseAuthentication"),
    *("VpcSecurityGroupIds", "DBParameterGroupName", "OptionGroupName", "EnableCloudwatchLogsExports", "Tags"),
    *("MaxAllocatedStorage", "MonitoringInterval", "MonitoringRoleArn"),
)
PARAMETERS = {
    "CreateDBInstanceReadReplica": ("DBInstanceIdentifier", "SourceDBInstanceIdentifier", *TAKEN),
    "PromoteReadReplica": ("DBInstanceIdentifier", "BackupRetentionPeriod", "PreferredBackupWindow"),
}
MOST_REPLICAS = 15
DEFAULT_DAYS = 1
# Of the source's fields: these are its own, and a replica begins without them.
OWN = ("InstanceCreateTime", "PendingModifiedValues", "DBInstanceAutomatedBackupsReplications", "LatestRestorableTime")
FRESH: Fields = {
    "DBInstanceStatus": "creating",
    "MultiAZ": False,
    "DeletionProtection": False,
    "BackupRetentionPeriod": 0,
    "PendingModifiedValues": {},
    "TagList": [],
}
# How long ago the newest commit was made that a replica has, unless it has all that was sent to it.
LAG = """\
SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
  AND EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') THEN 0
  ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END::float8
"""


class Replicas:
    """The operations on read replicas, and what is done to them."""

    def __init__(self, store: Store, view: View, servers: Servers, account: Account) -> None:
        """Work on what is in the store."""
        self._store = store
        self._view = view
        self._servers = servers
        self._account = account

    def create(self, region: str, asked: Fields) -> Fields:
        """Answer CreateDBInstanceReadReplica."""
        if "SourceDBInstanceIdentifier" not in asked:
            raise bad_combination("SourceDBInstanceIdentifier must be specified: there are no clusters.")
        source = self._store.instance(region, asked["SourceDBInstanceIdentifier"])
        name = asked["DBInstanceIdentifier"].lower()
        self._check(region, name, source, asked)
        resource = new_resource_id()
        inherited = {field: value for field, value in source.shown.items() if field not in OWN}
        identity = {"DBInstanceIdentifier": name, "DBInstanceArn": arn(region, "db", name), "DbiResourceId": resource}
        shown = {
            **inherited,
            **FRESH,
            **identity,
            SOURCE: source.name,
            REPLICAS: [],
            "VpcSecurityGroups": settings.default_members(region),
            "AvailabilityZone": f"{region}c",
            "InstanceCreateTime": timestamp(),
            **settings.shown(region, asked, TAKEN),
        }
        work = [{"do": "follow", "stops": True}]
        replica = Instance(shown, region, f"postgresql-{resource.lower()}", wanted=False, work=work)
        self._store.instances.append(replica)
        source.shown[REPLICAS].append(name)
        self._store.save()
        return {"DBInstance": self._view.instance(replica)}

    def _check(self, region: str, name: str, source: Instance, asked: Fields) -> None:
        if not NAME.fullmatch(name):
            raise bad_value(f"The parameter DBInstanceIdentifier is not a valid identifier: {name}.")
        if self._store.has_instance(region, name):
            raise RdsError("DBInstanceAlreadyExists", "DB instance already exists")
        if self._view.status(source) != "available":
            raise wrong_state(f"DB Instance {source.name} is not in available state.")
        if not source.shown["BackupRetentionPeriod"]:
            raise wrong_state(f"Automated backups are not enabled for {source.name}.")
        if len(source.shown[REPLICAS]) >= MOST_REPLICAS:
            raise bad_value(f"{source.name} has {MOST_REPLICAS} read replicas already.")
        settings.check(region, asked, source.shown["EngineVersion"])
        self._account.check(region, int(source.shown["AllocatedStorage"]))

    def promote(self, region: str, asked: Fields) -> Fields:
        """Answer PromoteReadReplica."""
        instance = self._store.instance(region, asked["DBInstanceIdentifier"])
        if not instance.shown.get(SOURCE):
            raise wrong_state(f"DB Instance {instance.name} is not a read replica.")
        status = self._view.status(instance)
        if status != "available":
            raise wrong_state(f"Instance {instance.name} is not in available state: its status is {status}.")
        days = {"BackupRetentionPeriod": DEFAULT_DAYS, **asked}
        instance.shown |= settings.shown(region, days, ("BackupRetentionPeriod", "PreferredBackupWindow"))
        first = [{"do": "first_backup"}] if instance.shown["BackupRetentionPeriod"] else []
        instance.work += [{"do": "promote"}, *first]
        instance.shown["DBInstanceStatus"] = "modifying"
        self._store.save()
        return {"DBInstance": self._view.instance(instance)}

    def steps(self) -> dict[str, Step]:
        """Return the steps by name."""
        return {"follow": self._follow, "promote": self._promote}

    def _follow(self, replica: Instance, work: Fields) -> bool:
        """Bring a second real server up that replays what the first one writes."""
        source = self._store.instance(replica.region, replica.shown[SOURCE])
        self._servers.of(replica).follow(self._servers.of(source), self._servers.hba(replica))
        self._settle(replica, "available")
        return True

    def _promote(self, replica: Instance, work: Fields) -> bool:
        """Let a replica take writes; it follows nobody any more."""
        with self._servers.of(replica).cluster.connect() as connection:
            connection.execute("SELECT pg_promote() WHERE pg_is_in_recovery()")
        with self._store.lock:
            name = replica.shown.pop(SOURCE, "")
            for other in self._store.instances:
                if (other.region, other.name) == (replica.region, name) and replica.name in other.shown[REPLICAS]:
                    other.shown[REPLICAS].remove(replica.name)
        message = "Replication for the Read Replica was terminated by its promotion"
        self._store.note("db-instance", replica.name, replica.shown["DBInstanceArn"], message, "read replica")
        self._settle(replica, "backing-up" if replica.shown["BackupRetentionPeriod"] else "available")
        return True

    def _settle(self, replica: Instance, status: str) -> None:
        with self._store.lock:
            replica.wanted = True
            replica.shown["DBInstanceStatus"] = status

    def lags(self) -> dict[str, float]:
        """Return how far each replica is behind; one that does not answer has no value."""
        found = {}
        for replica in [one for one in self._store.instances if one.shown.get(SOURCE) and one.status == "available"]:
            try:
                with self._servers.of(replica).cluster.connect(connect_timeout=2) as connection:
                    row = connection.execute(LAG).fetchone()
            except psycopg.Error:
                continue
            if row and row[0] is not None:
                found[replica.name] = float(row[0])
        return found
