"""Lambda functions and the queues between them."""

from __future__ import annotations

import base64
import io
import json
import zipfile

from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION
from hasivu_play.sandbox.aws.internal import json_call, rest_call

SERVICES = ("orders", "menus", "payments", "users", "auth", "rfid")
QUEUES = ("hasivu-order-queue", "hasivu-notification-queue", "hasivu-payment-queue")
VERSION = "2015-03-31"
SOURCE = 'def handler(event, context):\n    return {"statusCode": 200, "body": "ok"}\n'


async def plant() -> None:
    """Make functions and queues."""
    for service in SERVICES:
        await make_function(f"hasivu-platform-api-{service}", "python3.13")
    await make_function("hasivu-platform-legacy-export", "nodejs14.x")
    for queue in QUEUES:
        await make_queue(queue)


async def make_function(name: str, runtime: str) -> None:
    """Make a function, publish it and let the alias `live` point to what was published."""
    await rest_call(
        "lambda",
        "POST",
        f"/{VERSION}/functions",
        FunctionName=name,
        Runtime=runtime,
        Role=f"arn:aws:iam::{ACCOUNT}:role/hasivu-lambda",
        Handler="index.handler",
        Code={"ZipFile": package()},
        MemorySize=512,
        Timeout=15,
        Tags={"application": "hasivu"},
    )
    published = await rest_call("lambda", "POST", f"/{VERSION}/functions/{name}/versions")
    alias = {"Name": "live", "FunctionVersion": published["Version"]}
    await rest_call("lambda", "POST", f"/{VERSION}/functions/{name}/aliases", **alias)


def package() -> str:
    """Return the code of a function that answers."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo("index.py"), SOURCE)
    return base64.b64encode(archive.getvalue()).decode()


async def make_queue(name: str) -> None:
    """Make a queue and the one that takes what it could not deliver."""
    await json_call("sqs", "CreateQueue", QueueName=f"{name}-dlq")
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-dlq", "maxReceiveCount": "5"}
    await json_call("sqs", "CreateQueue", QueueName=name, Attributes={"RedrivePolicy": json.dumps(redrive)})
