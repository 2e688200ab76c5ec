"""CloudTrail: every management call is an event under its own name, in the region of its service, kept on disk."""

from __future__ import annotations

import json
import time
from collections import deque
from pathlib import Path
from typing import Any

from ministack.core.responses import error_response_json, get_region, json_response, request_scope
from ministack.services import cloudtrail, iam

from hasivu_play.sandbox.aws.environment import ACCOUNT
from hasivu_play.sandbox.aws.mends.trail_events import Call, Event, error_code, event, parameters
from hasivu_play.sandbox.aws.operation import Operation
from hasivu_play.sandbox.aws.protocol import Request, Response

GLOBAL = {"iam", "cloudfront"}
GLOBAL_REGION = "us-east-1"
PAGE = 50
KEPT = 10_000

# Data events, which LookupEvents never shows.
DATA = {
    "cloudwatch": {"GetMetricData", "PutMetricData"},
    "dynamodb": {"DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"},
    "lambda": {"Invoke"},
    "logs": {"FilterLogEvents", "GetLogEvents", "PutLogEvents"},
    "sns": {"Publish"},
    "sqs": {"ChangeMessageVisibility", "DeleteMessage", "DeleteMessageBatch", "ReceiveMessage", "SendMessage",
            "SendMessageBatch"},
}  # fmt: skip


class Journal:
    """The events of all regions, and the file that they survive in."""

    def __init__(self) -> None:
        """Begin without a file."""
        self._path: Path | None = None

    def open(self, path: Path) -> None:
        """Bring back what an earlier process has kept, and go on in its file."""
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines()[-KEPT:] if path.exists() else []
        whole = [line for line in lines if is_whole(line)]
        path.write_text("".join(f"{line}\n" for line in whole), encoding="utf-8")
        for kept in map(json.loads, whole):
            queue(kept["region"]).append(kept["event"])

    def add(self, call: Call) -> None:
        """Keep one event; a process that is killed meanwhile leaves half a line, which the next one drops."""
        kept = event(call)
        queue(call.region).append(kept)
        if self._path:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"region": call.region, "event": kept}) + "\n")


def is_whole(line: str) -> bool:
    """Say whether a line of the file was written to its end."""
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


journal = Journal()


def apply(directory: Path) -> None:
    """Replace LookupEvents and bring back the events of an earlier process."""
    cloudtrail._DISPATCH["LookupEvents"] = lookup_events
    journal.open(directory / "cloudtrail.jsonl")


def queue(region: str) -> deque[Event]:
    """Return the events of one region, oldest first."""
    with request_scope(ACCOUNT, region):
        events: deque[Event] = cloudtrail._get_event_queue()
    return events


def region_of(service: str, region: str) -> str:
    """Return the region in which CloudTrail files the events of a service."""
    return GLOBAL_REGION if service in GLOBAL else region


def note(asked: Operation, request: Request, response: Response) -> None:
    """Keep a call, unless CloudTrail counts it among the data events."""
    credential = request.credential
    if credential is None or not is_management(asked):
        return
    user = iam._access_keys.get(credential["key"], {}).get("UserName", credential["key"])
    region = region_of(asked.service, credential["region"])
    sent, error = parameters(request), error_code(response)
    journal.add(Call(asked, user, credential["key"], region, time.time(), sent, error))


def is_management(asked: Operation) -> bool:
    """Say whether LookupEvents would show an operation."""
    if asked.service == "s3":
        return "Bucket" in asked.name and asked.name != "HeadBucket"
    return asked.name not in DATA.get(asked.service, ())


def lookup_events(sent: dict[str, Any]) -> Any:
    """Answer LookupEvents: newest first, fifty to a page, by one attribute at the most."""
    if len(sent.get("LookupAttributes", [])) > 1:
        return error_response_json("InvalidLookupAttributesException", "Only one lookup attribute may be given.", 400)
    found = [shown for shown in reversed(queue(get_region())) if matches(shown, sent)]
    start = int(sent.get("NextToken", "0"))
    end = start + min(int(sent.get("MaxResults", PAGE)), PAGE)
    answer: dict[str, Any] = {"Events": found[start:end]}
    if end < len(found):
        answer["NextToken"] = str(end)
    return json_response(answer)


def matches(shown: Event, sent: dict[str, Any]) -> bool:
    """Say whether an event lies in the asked time and has the asked attributes."""
    if not sent.get("StartTime", 0) <= shown["EventTime"] <= sent.get("EndTime", float("inf")):
        return False
    asked = sent.get("LookupAttributes", [])
    return all(has(shown, attribute["AttributeKey"], attribute["AttributeValue"]) for attribute in asked)


def has(shown: Event, name: str, value: str) -> bool:
    """Say whether an event, or one of the resources that it names, has an attribute."""
    if name in ("ResourceName", "ResourceType"):
        return any(resource[name] == value for resource in shown["Resources"])
    return bool(shown.get(name) == value)
