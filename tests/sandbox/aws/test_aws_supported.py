"""Every operation that the emulator claims to answer is named rightly by the gateway and known to ministack."""

import re

import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from hasivu_play.sandbox.aws.supported import SUPPORTED

UNKNOWN = re.compile("InvalidAction|Unknown (?!trail)|UnknownOperation|No route|NotImplemented")
SAMPLES = {
    "string": "dummy-name-000",
    "integer": 1,
    "long": 1,
    "float": 1.0,
    "double": 1.0,
    "boolean": False,
    "timestamp": 0,
    "blob": b"x",
}


def sample(shape):
    """Return the least value that a client can send for a shape."""
    if shape.type_name == "structure":
        return {name: sample(member) for name, member in shape.members.items() if name in shape.required_members}
    if shape.type_name == "list":
        return [sample(shape.member)]
    if shape.type_name == "map":
        return {"key": sample(shape.value)}
    return shape.enum[0] if getattr(shape, "enum", None) else SAMPLES[shape.type_name]


def ask(client, operation):
    """Call an operation with as little as possible and return what it refused, if it did."""
    model = client.meta.service_model.operation_model(operation)
    try:
        getattr(client, xform_name(operation))(**(sample(model.input_shape) if model.input_shape else {}))
    except ClientError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("service", SUPPORTED)
def test_a_supported_operation_is_known(aws, service):
    client = aws.client(service, config=Config(parameter_validation=False, retries={"total_max_attempts": 1}))
    unknown = {}
    for operation in sorted(SUPPORTED[service]):
        refused = ask(client, operation)
        action = aws.requests()[-1]["action"]
        if action != f"{service}:{operation}" or UNKNOWN.search(refused):
            unknown[operation] = (action, refused)
    assert {name: why for name, why in unknown.items() if name != "GetMetricData"} == {}
