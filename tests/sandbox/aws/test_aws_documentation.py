"""docs/aws-emulator.md is where a refusal sends its reader: it lists exactly what the emulator answers."""

import re
from pathlib import Path

import pytest
from botocore.session import Session

from hasivu_play.sandbox.aws.supported import SUPPORTED

PAGE = (Path(__file__).parents[3] / "docs" / "aws-emulator.md").read_text(encoding="utf-8")
LISTED = {
    service: frozenset(re.findall(r"\w+", names))
    for service, names in re.findall(r"^\*\*(\w+)\*\* ([^.]+)\.$", PAGE, re.MULTILINE)
}


def test_the_page_lists_the_operations_that_are_supported():
    assert LISTED == SUPPORTED


@pytest.mark.parametrize("service", SUPPORTED)
def test_every_supported_operation_exists_in_aws(service):
    assert set(Session().get_service_model(service).operation_names) >= SUPPORTED[service]
