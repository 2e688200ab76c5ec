"""Where ministack answers differently from AWS: each test says what AWS answers, and where that is documented."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError


def publish(client, metric, value, minutes_ago=1, dimensions=()):
    moment = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    datum = {"MetricName": metric, "Value": value, "Timestamp": moment, "Dimensions": list(dimensions)}
    client.put_metric_data(Namespace="Test", MetricData=[datum])


def statistics(client, metric, dimensions=()):
    now = datetime.now(UTC)
    points = client.get_metric_statistics(
        Namespace="Test",
        MetricName=metric,
        Dimensions=list(dimensions),
        StartTime=now - timedelta(minutes=30),
        EndTime=now,
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points)


def test_a_metric_without_dimensions_is_another_metric_than_one_with(aws, name):
    """ "You must specify the same dimensions that were used when the metrics were created"
    (CloudWatch API Reference, GetMetricStatistics)."""
    client, host = aws.client("cloudwatch"), [{"Name": "Host", "Value": "a"}]
    publish(client, name, 1)
    publish(client, name, 10, dimensions=host)
    assert statistics(client, name) == 1
    assert statistics(client, name, host) == 10


def test_metric_data_comes_newest_first_unless_asked_otherwise(aws, name):
    """ScanBy defaults to TimestampDescending (CloudWatch API Reference, GetMetricData)."""
    client, now = aws.client("cloudwatch"), datetime.now(UTC)
    for age in (5, 3, 1):
        publish(client, name, age, minutes_ago=age)
    stat = {"Metric": {"Namespace": "Test", "MetricName": name}, "Period": 60, "Stat": "Sum"}
    query = {
        "StartTime": now - timedelta(minutes=10),
        "EndTime": now,
        "MetricDataQueries": [{"Id": "q", "MetricStat": stat}],
    }
    assert client.get_metric_data(**query)["MetricDataResults"][0]["Values"] == [1, 3, 5]
    ascending = client.get_metric_data(**query, ScanBy="TimestampAscending")
    assert ascending["MetricDataResults"][0]["Values"] == [5, 3, 1]


def test_metric_math_is_refused_and_not_answered_with_nothing(aws):
    """AWS computes Expression (CloudWatch API Reference, MetricDataQuery); the emulator cannot and says so."""
    with pytest.raises(ClientError, match="NotImplemented"):
        aws.client("cloudwatch").get_metric_data(
            StartTime=0, EndTime=60, MetricDataQueries=[{"Id": "e", "Expression": "1+1", "Period": 60}]
        )


def test_alarms_are_filtered_by_prefix_and_state_together(aws, name):
    """AlarmNamePrefix and StateValue both restrict the answer (CloudWatch API Reference, DescribeAlarms)."""
    client = aws.client("cloudwatch")
    alarm = {"Namespace": "Test", "MetricName": name, "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    for suffix in ("well", "ill"):
        client.put_metric_alarm(
            AlarmName=f"{name}-{suffix}", Threshold=1, ComparisonOperator="GreaterThanThreshold", **alarm
        )
        client.set_alarm_state(AlarmName=f"{name}-{suffix}", StateValue="OK", StateReason="test")
    client.set_alarm_state(AlarmName=f"{name}-ill", StateValue="ALARM", StateReason="test")
    found = client.describe_alarms(AlarmNamePrefix=name, StateValue="ALARM")["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in found] == [f"{name}-ill"]


LINES = ("Task timed out after 3.00 seconds", "TIMED Task out", "an error in lower case", "ERROR 17 [REQUEST]", "fine")
PATTERNS = {
    "": LINES,
    "ERROR": ("ERROR 17 [REQUEST]",),
    '"Task timed out"': ("Task timed out after 3.00 seconds",),
    "Task out": ("Task timed out after 3.00 seconds", "TIMED Task out"),
    "Task -timed": ("TIMED Task out",),
    "?ERROR ?error": ("an error in lower case", "ERROR 17 [REQUEST]"),
    '"[REQUEST]"': ("ERROR 17 [REQUEST]",),
}


@pytest.fixture(scope="module")
def log_group(aws):
    client, group = aws.client("logs"), f"/test/{time.monotonic_ns()}"
    client.create_log_group(logGroupName=group)
    client.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + place, "message": line} for place, line in enumerate(LINES)]
    client.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    return group


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_filter_pattern_is_case_sensitive_and_knows_phrases(aws, log_group, pattern):
    """ "Filter patterns are case sensitive"; terms are joined by AND, `?` by OR, `-` excludes, quotes hold a phrase
    (CloudWatch Logs User Guide, Filter pattern syntax)."""
    found = aws.client("logs").filter_log_events(logGroupName=log_group, filterPattern=pattern)
    assert tuple(event["message"] for event in found["events"]) == PATTERNS[pattern]


def test_found_log_events_come_in_pages(aws, log_group):
    """nextToken continues an answer that `limit` cut short (CloudWatch Logs API Reference, FilterLogEvents)."""
    pages = (
        aws.client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=log_group, PaginationConfig={"PageSize": 2})
    )
    assert [len(page["events"]) for page in pages] == [2, 2, 1]


def test_a_pattern_that_the_emulator_cannot_read_is_refused(aws, log_group):
    """AWS matches JSON fields with `{ $.a = 1 }` (same guide); matching every line instead would be a lie."""
    with pytest.raises(ClientError, match="NotImplemented"):
        aws.client("logs").filter_log_events(logGroupName=log_group, filterPattern='{ $.level = "ERROR" }')


def test_users_come_in_pages_and_tell_when_their_password_was_used(aws):
    """MaxItems and Marker page ListUsers; PasswordLastUsed is a member of User (IAM API Reference)."""
    client = aws.client("iam")
    pages = list(client.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 2}))
    users = [user for page in pages for user in page["Users"]]
    assert {len(page["Users"]) for page in pages[:-1]} == {2}
    assert len({user["UserName"] for user in users}) == len(client.list_users()["Users"])
    used = {user["UserName"]: user.get("PasswordLastUsed") for user in users}
    assert used["vendor-reporting"] is None
    assert datetime.now(UTC) - used["meera.iyer"] > timedelta(days=90)


def test_the_last_use_of_an_access_key_is_known(aws):
    """GetAccessKeyLastUsed answers date, service and Region of the last use (IAM API Reference)."""
    aws.client("sts").get_caller_identity()
    client = aws.client("iam")
    key = client.list_access_keys(UserName="hasivu-operator")["AccessKeyMetadata"][0]["AccessKeyId"]
    used = client.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
    assert used["ServiceName"] != "N/A"
    assert datetime.now(UTC) - used["LastUsedDate"] < timedelta(minutes=1)


def test_the_credential_report_has_passwords_factors_and_last_uses(aws):
    """Columns of the report: IAM User Guide, Generate credential reports for your AWS account."""
    client = aws.client("iam")
    client.generate_credential_report()
    lines = client.get_credential_report()["Content"].decode().splitlines()
    columns = lines[0].split(",")
    users = {line.split(",")[0]: dict(zip(columns, line.split(","), strict=True)) for line in lines[1:]}
    assert users["hasivu-operator"]["access_key_1_last_used_service"] != "N/A"
    assert users["meera.iyer"]["password_enabled"] == "true"
    assert users["vendor-reporting"]["mfa_active"] == "false"
    assert users["<root_account>"]["access_key_1_active"] == "false"


def test_events_of_iam_are_in_us_east_1_under_their_own_name(aws, name):
    """ "Global service events … are logged as occurring in US East (N. Virginia)"
    (CloudTrail User Guide, Global service events)."""
    aws.client("iam").create_user(UserName=name)
    asked = [{"AttributeKey": "ResourceName", "AttributeValue": name}]
    events = aws.client("cloudtrail", "us-east-1").lookup_events(LookupAttributes=asked)["Events"]
    assert [(event["EventName"], event["Username"]) for event in events] == [("CreateUser", "hasivu-operator")]
    assert aws.client("cloudtrail").lookup_events(LookupAttributes=asked)["Events"] == []
    aws.client("iam").delete_user(UserName=name)


def test_events_come_newest_first_in_pages_of_fifty(aws):
    """LookupEvents returns at most 50 events and a NextToken (CloudTrail API Reference, LookupEvents)."""
    client = aws.client("sqs")
    for _ in range(60):
        client.list_queues()
    asked = [{"AttributeKey": "EventName", "AttributeValue": "ListQueues"}]
    pages = list(aws.client("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=asked))
    times = [event["EventTime"] for page in pages for event in page["Events"]]
    assert len(pages[0]["Events"]) == 50
    assert len(times) >= 60
    assert times == sorted(times, reverse=True)


def test_data_events_and_secrets_stay_out_of_cloudtrail(aws, name):
    """LookupEvents shows management events only (CloudTrail API Reference, LookupEvents); secret values are hidden."""
    aws.client("s3").put_object(Bucket="hasivu-sandbox-locks", Key=name, Body=b"x")
    aws.client("secretsmanager").create_secret(Name=name, SecretString="do-not-show-this")
    pages = aws.client("cloudtrail").get_paginator("lookup_events").paginate()
    events = [event for page in pages for event in page["Events"]]
    assert "CreateSecret" in {event["EventName"] for event in events}
    assert "PutObject" not in {event["EventName"] for event in events}
    assert not [event for event in events if "do-not-show-this" in event["CloudTrailEvent"]]


def test_the_environment_of_a_function_stays_out_of_cloudtrail(aws):
    """Variables of a function are "Omitted from AWS CloudTrail logs" (Lambda API Reference, Environment)."""
    variables = {"Variables": {"PASSWORD": "do-not-show-this-either"}}
    aws.client("lambda").update_function_configuration(
        FunctionName="hasivu-platform-menu-images", Environment=variables
    )
    pages = aws.client("cloudtrail").get_paginator("lookup_events").paginate()
    events = [event for page in pages for event in page["Events"]]
    assert [event for event in events if event["EventName"].startswith("UpdateFunctionConfiguration")]
    assert not [event for event in events if "do-not-show-this-either" in event["CloudTrailEvent"]]


def test_a_refused_call_is_an_event_with_its_error(aws):
    """errorCode is the error that the service answered (CloudTrail User Guide, Record contents)."""
    with pytest.raises(ClientError):
        aws.client("rds").describe_db_instances(DBInstanceIdentifier="absent")
    asked = [{"AttributeKey": "EventName", "AttributeValue": "DescribeDBInstances"}]
    newest = aws.client("cloudtrail").lookup_events(LookupAttributes=asked, MaxResults=1)["Events"][0]
    assert '"errorCode": "DBInstanceNotFound"' in newest["CloudTrailEvent"]


def test_provisioned_concurrency_is_not_for_latest(aws):
    """Provisioned concurrency cannot be configured on $LATEST (Lambda Developer Guide, Provisioned concurrency)."""
    client = aws.client("lambda")
    wanted = {"FunctionName": "hasivu-platform-api-auth", "ProvisionedConcurrentExecutions": 1}
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        client.put_provisioned_concurrency_config(Qualifier="$LATEST", **wanted)
    client.put_provisioned_concurrency_config(Qualifier="live", **wanted)
    client.delete_provisioned_concurrency_config(FunctionName="hasivu-platform-api-auth", Qualifier="live")
