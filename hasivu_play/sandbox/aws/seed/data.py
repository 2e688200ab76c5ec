"""Where data lives: ElastiCache, AWS Backup, S3 and Secrets Manager."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import backup, elasticache, s3, secretsmanager

from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION
from hasivu_play.sandbox.aws.internal import call, json_call, query_call, rest_call
from hasivu_play.sandbox.aws.mends.auth_token import TOKENS
from hasivu_play.sandbox.aws.mends.backup import VAULT, job
from hasivu_play.sandbox.aws.rds.moments import timestamp
from hasivu_play.sandbox.database_servers import INSTANCE
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.valkey import hash_of

DAY = 86400
BUCKETS = ("hasivu-sandbox-backups", "hasivu-sandbox-locks")
RECORDS = "hasivu-sandbox-records"
OLDEST_BACKUP_DAYS = 130
BACKUP_STEP_DAYS = 5
LOCATION = (
    f"<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>".encode()
)
SECRETS = {
    "admin": "hasivu_admin",
    "application": "hasivu_app_a",
    "maintenance": "hasivu_maint",
    "monitor": "hasivu_monitor",
    "rotator": "hasivu_rotator",
}
SECRET_AGE_DAYS = 95
GROUP = "hasivu-sandbox"
TOKEN_AGE_DAYS = 110


async def plant(layout: Layout) -> None:
    """Make the stores and what lies in them."""
    await make_cache(layout)
    await make_backup_jobs()
    await make_buckets()
    key = await make_key()
    for name, role in SECRETS.items():
        await make_secret(layout, name, role, key)


async def make_cache(layout: Layout) -> None:
    """Make the replication group and keep its token; its address is looked up at each request."""
    token = layout.read_credential("redis")
    await query_call(
        "elasticache",
        "CreateReplicationGroup",
        ReplicationGroupId=GROUP,
        ReplicationGroupDescription="Sessions and menus of HASIVU",
        Engine="valkey",
        CacheNodeType="cache.t4g.small",
        NumCacheClusters="1",
        SnapshotRetentionLimit="7",
        TransitEncryptionEnabled="true",
        AuthToken=token,
    )
    with request_scope(ACCOUNT, REGION):
        group = elasticache._replication_groups[GROUP]
        del group["_auth_tokens"]  # in the clear; the emulator keeps hashes
        changed = timestamp(time.time() - TOKEN_AGE_DAYS * DAY)
        group.update({TOKENS: [hash_of(token)], "AuthTokenLastModifiedDate": changed})
    await keep_secret("hasivu/sandbox/redis/auth-token", {"password": token})


async def make_backup_jobs() -> None:
    """Make the vault and one finished job for each of the last three nights."""
    await rest_call("backup", "PUT", f"/backup-vaults/{VAULT}")
    today = datetime.now(UTC).replace(hour=21, minute=30, second=0, microsecond=0)
    with request_scope(ACCOUNT, REGION):
        for night in range(1, 4):
            started = (today - timedelta(days=night)).timestamp()
            identifier = str(uuid.uuid4())
            backup._jobs[identifier] = job(identifier, "COMPLETED", started, started + 540)


async def make_buckets() -> None:
    """Make the buckets, with backups from before and after the retention limit."""
    for bucket in BUCKETS:
        await call("s3", "PUT", f"/{bucket}", LOCATION)
    await call("s3", "PUT", f"/{RECORDS}", LOCATION, x_amz_bucket_object_lock_enabled="true")
    versioning = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    await call("s3", "PUT", f"/{BUCKETS[0]}", versioning, {"versioning": [""]})
    for age in range(0, OLDEST_BACKUP_DAYS, BACKUP_STEP_DAYS):
        await put_backup(BUCKETS[0], age)


async def put_backup(bucket: str, age: int) -> None:
    """Put one nightly dump, dated back."""
    moment = datetime.now(UTC) - timedelta(days=age)
    key = f"database/hasivu_sandbox-{moment:%Y-%m-%d}.dump"
    await call("s3", "PUT", f"/{bucket}/{key}", f"dump of {moment:%Y-%m-%d}\n".encode())
    modified = moment.strftime("%Y-%m-%dT21:45:00.000Z")
    with request_scope(ACCOUNT, REGION):
        current = s3._buckets[bucket]["objects"][key]
        for version in [current, *s3._object_versions.get((bucket, key), [])]:
            version["last_modified"] = modified


async def make_key() -> str:
    """Make the key that encrypts the logins, and return its ARN."""
    made = await json_call("kms", "CreateKey", Description="Logins of HASIVU")
    await json_call("kms", "CreateAlias", AliasName="alias/hasivu-logins", TargetKeyId=made["KeyMetadata"]["KeyId"])
    arn: str = made["KeyMetadata"]["Arn"]
    return arn


async def make_secret(layout: Layout, name: str, role: str, key: str) -> None:
    """Keep the whole login of one database role, as it was stored months ago."""
    where = layout.endpoints().get("postgresql", {})
    login = {
        "engine": "postgres",
        "host": where.get("host", "127.0.0.1"),
        "port": where.get("port", 5432),
        "dbname": where.get("database", "hasivu_sandbox"),
        "dbInstanceIdentifier": INSTANCE,
        "username": role,
        "password": layout.read_credential(f"database_{role}"),
    }
    await keep_secret(f"hasivu/sandbox/database/{name}", login, key)


async def keep_secret(name: str, value: dict[str, Any], key: str = "") -> None:
    """Keep a secret as a JSON object, as if that had been done months ago."""
    await json_call(
        "secretsmanager",
        "CreateSecret",
        Name=name,
        **({"KmsKeyId": key} if key else {}),
        ClientRequestToken=str(uuid.uuid4()),
        SecretString=json.dumps(value),
    )
    made = int(time.time() - SECRET_AGE_DAYS * DAY)
    with request_scope(ACCOUNT, REGION):
        kept = secretsmanager._secrets[name]
        kept |= {"CreatedDate": made, "LastChangedDate": made}
        for version in kept["Versions"].values():
            version["CreatedDate"] = made
