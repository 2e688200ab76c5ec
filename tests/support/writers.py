"""The writers of a sandbox's database, set by our modules and looked at from outside."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml
from botocore.exceptions import ClientError
from kubernetes import client, config

from support.calling import call, defaults, maintainer, server
from support.killing import wait_for
from support.rotation import aws, http
from support.sandbox import PROJECT, Sandbox

PAYMENTS = "hasivu-platform-api-payments"
ROLLOVER = "hasivu-menu-rollover"
FUNCTIONS = ("hasivu-platform-api-orders", PAYMENTS)
DEPLOYMENTS = ("hasivu-api", "hasivu-web")
STAGES_BACK: tuple[dict[str, Any], ...] = (
    {"stages": ["canary"], "canary": "hasivu-api"},
    {"stages": ["deployments", "cron_jobs"]},
    {"stages": ["functions"], "level": "few"},
    {"stages": ["functions"], "level": "quarter"},
    {"stages": ["functions"], "level": "captured"},
    {"stages": ["mappings"]},
    {"stages": ["schedules"]},
)
ROWS = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"


def declared() -> dict[str, Any]:
    """Return what the inventory of the sandbox says of writers."""
    file = PROJECT / "inventory" / "sandbox" / "group_vars" / "all" / "recovery_writers.yml"
    found: dict[str, Any] = yaml.safe_load(file.read_text())["recovery_writers"]
    return found


def find(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    """Find the writers as a procedure does."""
    names = ("marks", "declared", "explained_sessions", "by_address", "samples", "interval_seconds")
    options = {name: value for name, value in declared().items() if name in names}
    return call(sandbox, "writers_info", **defaults(sandbox), **maintainer(sandbox), **{**options, **more})


def options(sandbox: Sandbox, captured: dict[str, Any], state: str, **more: Any) -> dict[str, Any]:
    """Return the options of the module that sets writers."""
    return {**defaults(sandbox), "captured": captured, "state": state, "seconds": 60, **more}


def rest(sandbox: Sandbox, captured: dict[str, Any], check: bool = False, **more: Any) -> dict[str, Any]:
    """Bring writers to rest."""
    return call(sandbox, "writers", check, **options(sandbox, captured, "quiesced", **more))


def back(sandbox: Sandbox, captured: dict[str, Any], check: bool = False, **more: Any) -> dict[str, Any]:
    """Return writers."""
    url = sandbox.endpoints()["application"]["url"]
    health = {name: f"{url}/health/deep/{name}" for name in DEPLOYMENTS}
    return call(sandbox, "writers", check, **options(sandbox, captured, "returned", health=health, **more))


def gone(sandbox: Sandbox, captured: dict[str, Any], check: bool = False, **more: Any) -> dict[str, Any]:
    """Wait until nobody writes."""
    patience = {"roles": declared()["application_roles"], "for_seconds": 1.5, "seconds": 40, **more}
    return call(
        sandbox, "writers_gone", check, **defaults(sandbox), **maintainer(sandbox), captured=captured, **patience
    )


def fence(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    """Fence the database off, or take the fence away."""
    known = declared()
    return call(
        sandbox,
        "db_fence",
        region="ap-south-1",
        **server(sandbox),
        **known["fence"],
        roles=known["application_roles"],
        **more,
    )


@contextmanager
def returned_at_last(sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """Give what is captured, and return every writer whatever happens meanwhile."""
    found = find(sandbox)
    assert "captured" in found, found
    try:
        yield found["captured"]
    finally:
        done = back(sandbox, found["captured"])
        assert not done.get("failed"), done


class World:
    """The cluster and the account as somebody with the APIs sees them."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Log in."""
        self.sandbox = sandbox
        self.api = config.new_client_from_config(str(sandbox.home / "sandbox" / "credentials" / "kubeconfig"))
        self.apps, self.batch = client.AppsV1Api(self.api), client.BatchV1Api(self.api)
        self.autoscaling, self.core = client.AutoscalingV2Api(self.api), client.CoreV1Api(self.api)

    def picture(self) -> dict[str, Any]:
        """Return everything that quiescing could change, field by field."""
        objects = {
            **{name: self.apps.read_namespaced_deployment(name, "hasivu") for name in DEPLOYMENTS},
            "autoscaler": self.autoscaling.read_namespaced_horizontal_pod_autoscaler("hasivu-web", "hasivu"),
            "cron job": self.batch.read_namespaced_cron_job(ROLLOVER, "hasivu"),
        }
        specs = {name: self.api.sanitize_for_serialization(found.spec) for name, found in objects.items()}
        return {
            **specs,
            "concurrency": {name: self.reserved(name) for name in FUNCTIONS},
            "mapping": without(self.mapping(), "LastModified", "LastProcessingResult"),
            "schedule": without(self.schedule(), "LastModificationDate"),
            "rule": without(aws(self.sandbox, "events").describe_rule(Name="hasivu-nightly-settlement")),
        }

    def reserved(self, function: str) -> int | None:
        """Return the reserved concurrency of a function."""
        found: dict[str, int] = aws(self.sandbox, "lambda").get_function_concurrency(FunctionName=function)
        return found.get("ReservedConcurrentExecutions")

    def mapping(self) -> dict[str, Any]:
        """Return the mapping between queue and function."""
        (found,) = aws(self.sandbox, "lambda").list_event_source_mappings()["EventSourceMappings"]
        return dict(found)

    def schedule(self) -> dict[str, Any]:
        """Return the whole schedule."""
        return dict(aws(self.sandbox, "scheduler").get_schedule(Name="hasivu-settle-schools"))

    def replicas(self, name: str) -> int:
        """Return how many replicas a Deployment is to have."""
        return int(self.apps.read_namespaced_deployment(name, "hasivu").spec.replicas)

    def set_replicas(self, name: str, replicas: int, manager: str) -> None:
        """Set the replicas of a Deployment as somebody else."""
        body = {"spec": {"replicas": replicas}}
        self.apps.patch_namespaced_deployment(name, "hasivu", body, field_manager=manager)

    def available(self, name: str) -> int:
        """Return how many replicas of a Deployment serve with its present template."""
        status = self.apps.read_namespaced_deployment(name, "hasivu").status
        return min(status.available_replicas or 0, status.updated_replicas or 0)

    def forget_version(self, name: str) -> None:
        """Take the version of the secret from the template of a Deployment."""
        template = {"metadata": {"annotations": {"hasivu.edu.in/secret-version": None}}}
        self.apps.patch_namespaced_deployment(name, "hasivu", {"spec": {"template": template}})

    def start_rollover(self, name: str) -> None:
        """Start a Job of the CronJob, as its schedule would."""
        cron_job = self.batch.read_namespaced_cron_job(ROLLOVER, "hasivu")
        owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": ROLLOVER, "uid": cron_job.metadata.uid}
        metadata = {"name": name, "ownerReferences": [{**owner, "controller": True}]}
        template = self.api.sanitize_for_serialization(cron_job.spec.job_template.spec)
        self.batch.create_namespaced_job("hasivu", {"metadata": metadata, "spec": template})

    def pods_of_job(self, name: str) -> list[Any]:
        """Return the pods of a Job."""
        uid = self.batch.read_namespaced_job(name, "hasivu").metadata.uid
        pods = self.core.list_namespaced_pod("hasivu").items
        return [pod for pod in pods if uid in [owner.uid for owner in pod.metadata.owner_references or []]]


def without(found: dict[str, Any], *fields: str) -> dict[str, Any]:
    """Return an answer without what every change changes."""
    return {key: value for key, value in found.items() if key not in ("ResponseMetadata", *fields)}


def take_payment(sandbox: Sandbox, number: str) -> None:
    """Put a payment into the queue, as the gateway's webhook does."""
    queue = aws(sandbox, "sqs")
    url = queue.get_queue_url(QueueName="hasivu-payment-queue")["QueueUrl"]
    queue.send_message(QueueUrl=url, MessageBody=json.dumps({"id": number, "order_id": 1, "amount_paise": 4500}))


def payments(sandbox: Sandbox, number: str) -> int:
    """Return how often a payment was written."""
    return int(sandbox.value("SELECT count(*) FROM payments WHERE razorpay_payment_id = %s", number))


def is_throttled(sandbox: Sandbox, function: str) -> bool:
    """Tell whether a function takes no calls."""
    try:
        aws(sandbox, "lambda").invoke(FunctionName=function, Qualifier="live", Payload=b"{}")
    except ClientError as error:
        return error.response["Error"]["Code"] == "TooManyRequestsException"
    return False


@contextmanager
def orders(sandbox: Sandbox, per_second: float = 20) -> Iterator[None]:
    """Let orders be tried all the while; they fail when nobody takes them."""
    before = http(sandbox, "/stats")["ok"]
    http(sandbox, "/_traffic", {"per_second": per_second})
    try:
        wait_for(lambda: http(sandbox, "/stats")["ok"] > before)
        yield
    finally:
        http(sandbox, "/_traffic", {"per_second": 0})


def rows_written(sandbox: Sandbox, seconds: float) -> int:
    """Return how many rows of the whole database are written in a time."""
    before = sandbox.value(ROWS)
    time.sleep(seconds)
    return int(sandbox.value(ROWS) - before)
