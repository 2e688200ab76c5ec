"""CloudWatch: RDS metrics are measured, a query without dimensions is exact, results come newest first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ministack.services import cloudwatch

from hasivu_play.sandbox.aws.telemetry import Telemetry

Handler = Callable[..., Any]


def apply(telemetry: Telemetry) -> None:
    """Replace the readers of metrics."""
    cloudwatch._get_metric_statistics = statistics(cloudwatch._get_metric_statistics, telemetry)
    cloudwatch._get_metric_data = data(cloudwatch._get_metric_data, telemetry)
    cloudwatch._list_metrics = fresh(cloudwatch._list_metrics, telemetry)


def fresh(original: Handler, telemetry: Telemetry) -> Handler:
    """Return a handler before which the present minute is measured."""

    def handle(*arguments: Any) -> Any:
        telemetry.sample()
        return original(*arguments)

    return handle


def statistics(original: Handler, telemetry: Telemetry) -> Handler:
    """Return GetMetricStatistics that takes a query without dimensions as the metric without dimensions."""

    def handle(parameters: dict[str, Any], sent: dict[str, Any], is_cbor: bool, is_json: bool) -> Any:
        if not is_json:
            return unimplemented("GetMetricStatistics in another protocol than JSON")
        telemetry.sample()
        with exactly(sent.get("Dimensions")):
            return original(parameters, sent, is_cbor, is_json)

    return handle


def data(original: Handler, telemetry: Telemetry) -> Handler:
    """Return GetMetricData that is exact in dimensions, honours ScanBy, and refuses expressions."""

    def handle(parameters: dict[str, Any], sent: dict[str, Any], is_cbor: bool, is_json: bool) -> Any:
        queries = sent.get("MetricDataQueries", [])
        if not is_json:
            return unimplemented("GetMetricData in another protocol than JSON")
        if not all("MetricStat" in query for query in queries):
            return unimplemented("GetMetricData with an expression")
        telemetry.sample()
        results = [result for query in queries for result in one(original, parameters, sent, query)]
        return cloudwatch._json_ok({"MetricDataResults": results, "Messages": []})

    return handle


def one(
    original: Handler, parameters: dict[str, Any], sent: dict[str, Any], query: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the result of one query, newest value first unless the caller asked otherwise."""
    with exactly(query["MetricStat"]["Metric"].get("Dimensions")):
        _, _, body = original(parameters, {**sent, "MetricDataQueries": [query]}, False, True)
    results: list[dict[str, Any]] = json.loads(body)["MetricDataResults"]
    if sent.get("ScanBy", "TimestampDescending") == "TimestampDescending":
        for result in results:
            result.update(Timestamps=result["Timestamps"][::-1], Values=result["Values"][::-1])
    return results


@contextmanager
def exactly(dimensions: list[dict[str, str]] | None) -> Iterator[None]:
    """Hide metrics with dimensions from a query without any; ministack would add them up."""
    everything = cloudwatch._metrics
    if not dimensions:
        cloudwatch._metrics = {key: points for key, points in everything.items() if not key[2]}
    try:
        yield
    finally:
        cloudwatch._metrics = everything


def unimplemented(what: str) -> Any:
    """Return the refusal of a variant that the emulator does not answer truthfully."""
    body = {"__type": "NotImplemented", "message": f"The sandbox's AWS emulator does not implement {what}."}
    return 501, {"Content-Type": "application/x-amz-json-1.0", "x-amzn-ErrorType": "NotImplemented"}, json.dumps(body)
