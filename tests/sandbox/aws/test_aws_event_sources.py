"""What stops a function from writing: each test says what AWS answers, and where that stands."""

import json
import time

import pytest
from botocore.exceptions import ClientError

FUNCTION = "hasivu-platform-api-menus"
ALIAS = f"{FUNCTION}:live"


@pytest.fixture
def functions(aws):
    """Return a client; the limit of the function is taken away afterwards."""
    client = aws.client("lambda")
    yield client
    client.delete_function_concurrency(FunctionName=FUNCTION)


@pytest.fixture
def queue(aws, name):
    """Return a queue of its own, with its client, address and ARN."""
    client = aws.client("sqs")
    url = client.create_queue(QueueName=name)["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    yield client, url, arn
    client.delete_queue(QueueUrl=url)


def reaches(client, identity, state, seconds=60):
    """Wait until a mapping reaches a state."""
    deadline = time.monotonic() + seconds
    while (found := client.get_event_source_mapping(UUID=identity)["State"]) != state:
        assert time.monotonic() < deadline, found


def left(queue):
    """Return how many messages nobody has taken."""
    client, url, _ = queue
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(map(int, client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()))


def send(queue):
    """Send a message."""
    client, url, _ = queue
    client.send_message(QueueUrl=url, MessageBody=json.dumps({"id": 1}))


def taken(queue, seconds=60):
    """Wait until every message was taken."""
    deadline = time.monotonic() + seconds
    while left(queue):
        assert time.monotonic() < deadline


def test_no_concurrency_turns_every_call_away_whatever_its_version(functions):
    """ "To throttle a function, set the reserved concurrency to zero" and "Reserved concurrency applies to the function
    as a whole, including versions and aliases" (Lambda Developer Guide, Reserved concurrency); the error is 429
    TooManyRequestsException with a Reason (API Reference, Invoke)."""
    functions.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=0)
    for qualifier in ("$LATEST", "1", "live"):
        with pytest.raises(ClientError) as refused:
            functions.invoke(FunctionName=FUNCTION, Qualifier=qualifier)
        answer = refused.value.response
        assert answer["Error"]["Code"] == "TooManyRequestsException"
        assert answer["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert functions.get_function_concurrency(FunctionName=FUNCTION)["ReservedConcurrentExecutions"] == 0
    functions.delete_function_concurrency(FunctionName=FUNCTION)
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(FunctionName=FUNCTION)
    assert functions.invoke(FunctionName=FUNCTION, Qualifier="live")["StatusCode"] == 200


def test_a_mapping_takes_messages_until_it_is_disabled_and_is_not_changed_meanwhile(functions, queue, faults):
    """State is one of Creating, Enabling, Enabled, Disabling, Disabled, Updating, Deleting (Lambda API Reference,
    EventSourceMappingConfiguration); a mapping in between refuses with ResourceInUseException, 400 (API Reference,
    UpdateEventSourceMapping, DeleteEventSourceMapping)."""
    made = functions.create_event_source_mapping(FunctionName=ALIAS, EventSourceArn=queue[2])
    assert made["State"] == "Creating"
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    reaches(functions, made["UUID"], "Enabled")
    send(queue)
    taken(queue)
    faults(mapping_update_seconds=600)
    answer = functions.update_event_source_mapping(UUID=made["UUID"], Enabled=False)
    assert (answer["State"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("Disabling", 202)
    with pytest.raises(ClientError, match="ResourceInUseException") as refused:
        functions.update_event_source_mapping(UUID=made["UUID"], Enabled=True)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    send(queue)
    taken(queue)
    faults(mapping_update_seconds=0)
    reaches(functions, made["UUID"], "Disabled")
    send(queue)
    time.sleep(1.5)
    assert left(queue) == 1
    functions.update_event_source_mapping(UUID=made["UUID"], Enabled=True)
    taken(queue)
    reaches(functions, made["UUID"], "Enabled")
    functions.delete_event_source_mapping(UUID=made["UUID"])


def test_a_mapping_leaves_its_messages_where_they_are_while_its_function_is_throttled(functions, queue, faults):
    """ "If you set reserved concurrency to zero … the function doesn't process any events until you remove the limit"
    (Lambda Developer Guide, Reserved concurrency)."""
    faults(mapping_update_seconds=0)
    made = functions.create_event_source_mapping(FunctionName=ALIAS, EventSourceArn=queue[2])
    functions.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=0)
    send(queue)
    time.sleep(1.5)
    assert left(queue) == 1
    functions.delete_function_concurrency(FunctionName=FUNCTION)
    taken(queue)
    reaches(functions, made["UUID"], "Enabled")
    functions.delete_event_source_mapping(UUID=made["UUID"])


def test_a_mapping_that_was_changing_when_the_emulator_was_killed_settles(own_aws):
    own_aws.start()
    client = own_aws.client("lambda")
    own_aws.faults(mapping_update_seconds=60)
    (mapping,) = client.list_event_source_mappings()["EventSourceMappings"]
    assert mapping["State"] == "Enabled"
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    own_aws.end(9)
    own_aws.faults()
    own_aws.start()
    assert own_aws.client("lambda").get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Disabled"


def test_a_schedule_is_replaced_as_a_whole(aws):
    """ "UpdateSchedule uses all values, including empty values, specified in the request" (EventBridge Scheduler API
    Reference, UpdateSchedule)."""
    scheduler = aws.client("scheduler")
    before = scheduler.get_schedule(Name="hasivu-settle-schools")
    kept = {name: before[name] for name in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
    scheduler.update_schedule(**kept, State="DISABLED")
    after = scheduler.get_schedule(Name="hasivu-settle-schools")
    assert (after["State"], after["ScheduleExpressionTimezone"]) == ("DISABLED", "UTC")
    zone = {"ScheduleExpressionTimezone": before["ScheduleExpressionTimezone"], "Description": before["Description"]}
    scheduler.update_schedule(**kept, **zone, State="ENABLED")
    assert scheduler.get_schedule(Name="hasivu-settle-schools")["State"] == "ENABLED"


def test_there_is_a_default_bus_and_its_rules_are_switched(aws):
    """EventBridge API Reference, ListEventBuses, DisableRule, EnableRule."""
    events = aws.client("events")
    assert "default" in {bus["Name"] for bus in events.list_event_buses()["EventBuses"]}
    rule = {"Name": "hasivu-nightly-settlement", "EventBusName": "default"}
    before = events.describe_rule(**rule)
    events.disable_rule(**rule)
    assert events.describe_rule(**rule)["State"] == "DISABLED"
    events.enable_rule(**rule)
    after = events.describe_rule(**rule)
    assert {**after, "ResponseMetadata": None} == {**before, "ResponseMetadata": None}
