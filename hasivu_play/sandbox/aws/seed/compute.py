"""Lambda functions, those at the edge included, and the queues between them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import lambda_svc

from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION
from hasivu_play.sandbox.aws.internal import call, json_call, rest_call
from hasivu_play.sandbox.aws.mends import event_sources, functions
from hasivu_play.sandbox.layout import Layout

SERVICES = ("orders", "menus", "payments", "users", "auth", "rfid")
QUEUES = ("hasivu-order-queue", "hasivu-notification-queue", "hasivu-payment-queue")
PAYMENTS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hasivu-platform-api-payments:live"
VERSION = "2015-03-31"
LAYERS = "2018-10-31"
EDGE_REGION = "us-east-1"
CURRENT = "python3.13"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/hasivu-lambda"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
IMAGE = f"{REGISTRY}/hasivu-report-renderer@sha256:{hashlib.sha256(b'hasivu-report-renderer').hexdigest()}"
LAYER = "hasivu-fonts"
CODE = Path(__file__).with_name("code")


async def plant(layout: Layout) -> None:
    """Make functions and queues."""
    for service in SERVICES:
        await make_function(
            f"hasivu-platform-api-{service}", CURRENT, service, Environment=environment(layout, service)
        )
    await make_function("hasivu-platform-legacy-export", "nodejs14.x")
    await make_old_version_behind_alias("hasivu-platform-menu-images")
    await make_image_function("hasivu-platform-report-renderer")
    await make_layered_function("hasivu-platform-label-printer")
    await make_edge_function("hasivu-edge-redirect")
    for queue in QUEUES:
        await make_queue(queue)
    await make_event_source("hasivu-payment-queue", PAYMENTS)
    await make_schedule("hasivu-settle-schools", PAYMENTS, {"task": "settle"})
    await make_rule("hasivu-nightly-settlement", PAYMENTS, {"task": "settle"})


def environment(layout: Layout, service: str) -> dict[str, Any]:
    """Return the environment of a service: orders has its login there, payments the name of its secret."""
    database = layout.endpoints().get("postgresql", {})
    address = {
        "DATABASE_HOST": database.get("host", "127.0.0.1"),
        "DATABASE_PORT": str(database.get("port", 5432)),
        "DATABASE_NAME": database.get("database", "hasivu_sandbox"),
    }
    password = layout.read_credential("database_hasivu_app_a")
    added: dict[str, dict[str, str]] = {
        "orders": {**address, "DATABASE_USER": "hasivu_app_a", "DATABASE_PASSWORD": password},
        "payments": {**address, "SECRET_ID": "hasivu/sandbox/database/application", "SECRET_CACHE_SECONDS": "5"},
    }
    return {"Variables": {"LOG_LEVEL": "info", **added.get(service, {})}}


async def make_function(name: str, runtime: str, service: str = "", **more: Any) -> None:
    """Make a function, publish it and let the alias `live` point to what was published."""
    await create(name, Runtime=runtime, Handler="index.handler", Code={"ZipFile": package(service)}, **more)
    await publish(name)


async def create(name: str, **more: Any) -> None:
    """Make a function, and end what AWS would take seconds for."""
    common = {"Role": ROLE, "MemorySize": 512, "Timeout": 15, "Tags": {"application": "hasivu"}}
    await rest_call("lambda", "POST", f"/{VERSION}/functions", FunctionName=name, **{**common, **more})
    functions.settle()


async def publish(name: str) -> None:
    """Publish a version and let the alias `live` point to it."""
    published = await rest_call("lambda", "POST", f"/{VERSION}/functions/{name}/versions")
    alias = {"Name": "live", "FunctionVersion": published["Version"]}
    await rest_call("lambda", "POST", f"/{VERSION}/functions/{name}/aliases", **alias)


async def make_old_version_behind_alias(name: str) -> None:
    """Make a function whose $LATEST is in order and whose users still reach a version of long ago."""
    await make_function(name, "python3.9")
    await rest_call("lambda", "PUT", f"/{VERSION}/functions/{name}/configuration", Runtime=CURRENT)
    functions.settle()


async def make_image_function(name: str) -> None:
    """Make a function from an image, which has no runtime."""
    await create(name, PackageType="Image", Code={"ImageUri": IMAGE})
    await publish(name)


async def make_layered_function(name: str) -> None:
    """Make a function with a layer that was made for runtimes of long ago."""
    layer = await rest_call(
        "lambda",
        "POST",
        f"/{LAYERS}/layers/{LAYER}/versions",
        Content={"ZipFile": package("")},
        CompatibleRuntimes=["python3.8", "python3.9"],
    )
    await make_function(name, CURRENT, Layers=[layer["LayerVersionArn"]])


async def make_edge_function(name: str) -> None:
    """Make a function in us-east-1 and a distribution of CloudFront that calls it."""
    code = {"ZipFile": package("")}
    with request_scope(ACCOUNT, EDGE_REGION):
        lambda_svc._create_function(
            {"FunctionName": name, "Runtime": "nodejs20.x", "Handler": "index.handler", "Role": ROLE, "Code": code}
        )
        functions.settle()
        published = json.loads(lambda_svc._publish_version(name, {})[2])
    await call("cloudfront", "POST", "/2020-05-31/distribution", distribution(published["FunctionArn"]).encode())


def distribution(function: str) -> str:
    """Return the configuration of a distribution before the menus that calls a function at the edge."""
    return f"""<DistributionConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">
<CallerReference>hasivu-menus</CallerReference><Comment>Menus of HASIVU</Comment><Enabled>true</Enabled>
<Origins><Quantity>1</Quantity><Items><Origin><Id>menus</Id><DomainName>menus.hasivu.edu.in</DomainName>
<CustomOriginConfig><HTTPPort>80</HTTPPort><HTTPSPort>443</HTTPSPort>
<OriginProtocolPolicy>https-only</OriginProtocolPolicy></CustomOriginConfig></Origin></Items></Origins>
<DefaultCacheBehavior><TargetOriginId>menus</TargetOriginId>
<ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy><MinTTL>0</MinTTL>
<LambdaFunctionAssociations><Quantity>1</Quantity><Items><LambdaFunctionAssociation>
<LambdaFunctionARN>{function}</LambdaFunctionARN><EventType>viewer-request</EventType>
</LambdaFunctionAssociation></Items></LambdaFunctionAssociations>
</DefaultCacheBehavior></DistributionConfig>"""


def package(service: str) -> str:
    """Return the code of a service, or of a function that only answers."""
    source = CODE / f"{service}.py"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        found = source if source.exists() else CODE / "plain.py"
        file.writestr(zipfile.ZipInfo("index.py"), found.read_text(encoding="utf-8"))
    return base64.b64encode(archive.getvalue()).decode()


async def make_queue(name: str) -> None:
    """Make a queue and the one that takes what it could not deliver."""
    await json_call("sqs", "CreateQueue", QueueName=f"{name}-dlq")
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-dlq", "maxReceiveCount": "5"}
    await json_call("sqs", "CreateQueue", QueueName=name, Attributes={"RedrivePolicy": json.dumps(redrive)})


async def make_event_source(queue: str, function: str) -> None:
    """Let a function take the messages of a queue."""
    source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
    path = f"/{VERSION}/event-source-mappings"
    await rest_call("lambda", "POST", path, FunctionName=function, EventSourceArn=source, BatchSize=5)
    event_sources.settle()


async def make_schedule(name: str, function: str, event: dict[str, str]) -> None:
    """Let EventBridge Scheduler call a function every night, in the time of India."""
    await rest_call(
        "scheduler",
        "POST",
        f"/schedules/{name}",
        ScheduleExpression="cron(30 1 * * ? *)",
        ScheduleExpressionTimezone="Asia/Kolkata",
        FlexibleTimeWindow={"Mode": "OFF"},
        Description="Closes the accounts of the day.",
        Target={"Arn": function, "RoleArn": ROLE, "Input": json.dumps(event)},
    )


async def make_rule(name: str, function: str, event: dict[str, str]) -> None:
    """Let a rule of EventBridge call a function every night, which an older release has left."""
    await json_call("events", "PutRule", Name=name, ScheduleExpression="cron(45 20 * * ? *)", State="ENABLED")
    target = {"Id": "payments", "Arn": function, "Input": json.dumps(event)}
    await json_call("events", "PutTargets", Rule=name, Targets=[target])
