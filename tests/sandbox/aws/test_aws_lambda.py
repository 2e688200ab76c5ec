"""Lambda where ministack answers differently from AWS: each test says what AWS answers, and where that stands."""

import io
import json
import time
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

FUNCTION = "hasivu-platform-api-users"
OTHER = "hasivu-platform-api-auth"
WHO_AM_I = """
import os

import boto3


def handler(event, context):
    status = boto3.client("sts").get_caller_identity()["ResponseMetadata"]["HTTPStatusCode"]
    return [os.environ["AWS_ACCESS_KEY_ID"][:4], bool(os.environ["AWS_SESSION_TOKEN"]), status]
"""


@pytest.fixture
def functions(aws):
    """Return a client, once no update is in progress."""
    client = aws.client("lambda")
    settled(client, FUNCTION)
    return client


def settled(client, name):
    """Wait until the last update of a function has ended."""
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return client.get_function_configuration(FunctionName=name)


def publish_with(client, **settings):
    """Change a function and publish what it is then."""
    client.update_function_configuration(FunctionName=FUNCTION, **settings)
    settled(client, FUNCTION)
    return client.publish_version(FunctionName=FUNCTION)["Version"]


def test_a_second_update_during_the_first_is_a_conflict_and_the_function_stays_active(functions, faults):
    """LastUpdateStatus tells of the update, State stays Active; other changes fail with ResourceConflictException
    (Lambda Developer Guide, Lambda function states)."""
    faults(lambda_update_seconds=8)  # a busy machine may need seconds for the two calls that must meet the update
    answer = functions.update_function_configuration(FunctionName=FUNCTION, Timeout=20)
    assert (answer["State"], answer["LastUpdateStatus"]) == ("Active", "InProgress")
    for change in (
        lambda: functions.update_function_configuration(FunctionName=FUNCTION, Timeout=21),
        lambda: functions.publish_version(FunctionName=FUNCTION),
    ):
        with pytest.raises(ClientError, match="ResourceConflictException") as refused:
            change()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert settled(functions, FUNCTION)["Timeout"] == 20


def test_an_update_that_fails_says_so_in_its_status(functions, faults):
    """LastUpdateStatus is Failed, with a reason (Lambda API Reference, FunctionConfiguration)."""
    faults(lambda_update_fails=True, lambda_update_seconds=0)
    functions.update_function_configuration(FunctionName=OTHER, Timeout=16)
    deadline = time.monotonic() + 90
    while functions.get_function_configuration(FunctionName=OTHER)["LastUpdateStatus"] == "InProgress":
        assert time.monotonic() < deadline
    found = functions.get_function_configuration(FunctionName=OTHER)
    assert (found["LastUpdateStatus"], found["State"]) == ("Failed", "Active")
    assert found["LastUpdateStatusReason"]


def test_an_unchanged_function_is_published_once(functions):
    """ "Lambda doesn't publish a version if the function's configuration and code haven't changed since the last
    version" (Lambda API Reference, PublishVersion); an update to the same values changes nothing."""
    version = publish_with(functions, MemorySize=600)
    assert functions.publish_version(FunctionName=FUNCTION)["Version"] == version
    assert publish_with(functions, MemorySize=600) == version
    assert publish_with(functions, MemorySize=640) != version


def test_only_what_the_caller_has_seen_is_published(functions):
    """CodeSha256 and RevisionId must be those of $LATEST (Lambda API Reference, PublishVersion)."""
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        functions.publish_version(FunctionName=FUNCTION, CodeSha256="another")
    with pytest.raises(ClientError, match="PreconditionFailedException"):
        functions.publish_version(FunctionName=FUNCTION, RevisionId="00000000-0000-0000-0000-000000000000")


def test_an_alias_leads_to_versions_that_exist(functions):
    """ResourceNotFoundException for an unknown version; two published versions at most
    (Lambda Developer Guide, Weighted aliases)."""
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        functions.update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="999")
    for weights in ({"$LATEST": 0.1}, {"1": 1.5}):
        with pytest.raises(ClientError, match="InvalidParameterValueException"):
            functions.update_alias(
                FunctionName=FUNCTION, Name="live", RoutingConfig={"AdditionalVersionWeights": weights}
            )


def test_a_weighted_alias_divides_its_calls_and_cloudwatch_counts_each_version(aws, functions):
    """A call goes to either version by the weight, X-Amz-Executed-Version says which (Lambda Developer Guide, Weighted
    aliases); metrics have Resource `function:alias` and ExecutedVersion (Developer Guide, Metrics for functions)."""
    new = publish_with(functions, MemorySize=700)
    weights = {"AdditionalVersionWeights": {new: 0.5}}
    functions.update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="1", RoutingConfig=weights)
    answered = [functions.invoke(FunctionName=FUNCTION, Qualifier="live")["ExecutedVersion"] for _ in range(40)]
    functions.update_alias(FunctionName=FUNCTION, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert set(answered) == {"1", new}
    for version in ("1", new):
        assert counted(aws, "Invocations", f"{FUNCTION}:live", version) == answered.count(version)
        assert counted(aws, "Errors", f"{FUNCTION}:live", version) == 0
    assert counted(aws, "Duration", f"{FUNCTION}:live", new) > 0
    assert functions.invoke(FunctionName=FUNCTION, Qualifier="live")["ExecutedVersion"] == "1"


def counted(aws, metric, resource, version):
    """Return the sum of a metric of one version behind an alias, in the last hour."""
    dimensions = {"FunctionName": FUNCTION, "Resource": resource, "ExecutedVersion": version}
    now = datetime.now(UTC)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points)


def test_a_function_calls_aws_with_a_session_of_its_role(functions):
    """The credentials in its environment are those of an assumed role, whose key begins with ASIA (Lambda Developer
    Guide, Lambda execution role; IAM User Guide, Unique identifiers)."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", WHO_AM_I)
    role = functions.get_function_configuration(FunctionName=FUNCTION)["Role"]
    settings = {"Runtime": "python3.13", "Handler": "index.handler", "Role": role}
    functions.create_function(FunctionName="who-am-i", Code={"ZipFile": archive.getvalue()}, **settings)
    try:
        functions.get_waiter("function_active_v2").wait(FunctionName="who-am-i", WaiterConfig={"Delay": 1})
        answer = functions.invoke(FunctionName="who-am-i")
        assert json.loads(answer["Payload"].read()) == ["ASIA", True, 200]
    finally:
        functions.delete_function(FunctionName="who-am-i")


def test_a_list_of_functions_has_no_states_and_all_versions_where_asked_for(functions):
    """ListFunctions "returns a subset of the FunctionConfiguration fields"; FunctionVersion ALL lists the published
    versions too (Lambda API Reference, ListFunctions)."""
    listed = functions.get_paginator("list_functions").paginate().build_full_result()["Functions"]
    assert not [one for one in listed if "State" in one or "LastUpdateStatus" in one]
    assert {one["Version"] for one in listed} == {"$LATEST"}
    everything = functions.get_paginator("list_functions").paginate(FunctionVersion="ALL").build_full_result()
    assert {one["Version"] for one in everything["Functions"]} >= {"$LATEST", "1"}


def test_a_function_from_an_image_has_no_runtime_and_names_its_digest(functions):
    """Runtime is absent for a container image (Lambda API Reference, FunctionConfiguration); ResolvedImageUri is the
    "resolved URI for the image", by digest (FunctionCodeLocation)."""
    found = functions.get_function(FunctionName="hasivu-platform-report-renderer")
    assert "Runtime" not in found["Configuration"]
    assert "@sha256:" in found["Code"]["ResolvedImageUri"]
    assert found["Code"]["ResolvedImageUri"].endswith(found["Configuration"]["CodeSha256"])


def test_a_layer_names_the_runtimes_that_it_was_made_for(functions):
    """CompatibleRuntimes of GetLayerVersionByArn (Lambda API Reference)."""
    (layer,) = functions.get_function_configuration(FunctionName="hasivu-platform-label-printer")["Layers"]
    found = functions.get_layer_version_by_arn(Arn=layer["Arn"])
    assert found["CompatibleRuntimes"] == ["python3.8", "python3.9"]


def test_a_function_at_the_edge_lives_in_us_east_1_and_its_distribution_names_its_version(aws):
    """Functions at the edge are in us-east-1 and associated by version (CloudFront Developer Guide, Lambda@Edge)."""
    found = aws.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    behaviours = [one["DefaultCacheBehavior"] for one in found]
    (association,) = [one for behaviour in behaviours for one in behaviour["LambdaFunctionAssociations"]["Items"]]
    function = aws.client("lambda", "us-east-1").get_function_configuration(
        FunctionName=association["LambdaFunctionARN"]
    )
    assert (function["Runtime"], function["Version"]) == ("nodejs20.x", "1")


def test_a_throttled_request_is_turned_away_as_lambda_does_and_then_answered(aws, faults):
    """TooManyRequestsException, 429 (Lambda API Reference, Common errors of every operation); retries get through."""
    faults(throttled={"lambda:GetFunctionConfiguration": 2})
    once = aws.client("lambda")
    for _ in range(2):
        with pytest.raises(ClientError, match="TooManyRequestsException") as refused:
            once.get_function_configuration(FunctionName=OTHER)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert once.get_function_configuration(FunctionName=OTHER)["FunctionName"] == OTHER
    faults(throttled={"lambda:GetFunctionConfiguration": 1})
    patient = aws.client("lambda", config=Config(retries={"mode": "standard", "total_max_attempts": 3}))
    assert patient.get_function_configuration(FunctionName=OTHER)["FunctionName"] == OTHER


def test_a_call_that_raises_is_an_error_of_the_function(functions):
    """HTTP 200 with X-Amz-Function-Error and a payload that names the error (Lambda API Reference, Invoke)."""
    answer = functions.invoke(FunctionName="hasivu-platform-api-orders", Qualifier="live", Payload=b"{}")
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"  # this emulator has no database behind it
    assert {"errorMessage", "errorType"} <= set(json.loads(answer["Payload"].read()))
