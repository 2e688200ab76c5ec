# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What aws_info asks, and how it returns the answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.modules.aws_info import ask, only_reads, pick, plain

INDIA = timezone(timedelta(hours=5, minutes=30))


class Pages:
    """The pages of an answer, as a paginator of boto3 gives them."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter([{"ResponseMetadata": {"RequestId": f"id-{number}"}} for number in range(self.count)])

    def build_full_result(self) -> dict[str, Any]:
        return {"Users": list(range(self.count))}


class Caller:
    """A client of boto3 whose one operation has pages."""

    def __init__(self, count: int) -> None:
        self.count = count

    def can_paginate(self, _operation: str) -> bool:
        return True

    def get_paginator(self, _operation: str) -> Caller:
        return self

    def paginate(self) -> Pages:
        return Pages(self.count)


@pytest.mark.parametrize(
    ("operation", "reads"),
    [
        ("describe_db_instances", True),
        ("get_caller_identity", True),
        ("lookup_events", True),
        ("delete_db_instance", False),
        ("generate_credential_report", False),
        ("get_session_token", False),
        ("put_object", False),
        ("tag_resource", False),
    ],
)
def test_only_reading_operations_are_asked(operation: str, reads: bool) -> None:
    assert only_reads(operation) is reads


def test_every_page_is_read_and_every_request_named() -> None:
    assert ask(Caller(3), "list_users", {}, 3) == ({"Users": [0, 1, 2]}, ["id-0", "id-1", "id-2"])


def test_one_page_too_many_is_an_error_and_not_a_shorter_answer() -> None:
    with pytest.raises(RuntimeError, match="more than 2 pages"):
        ask(Caller(3), "list_users", {}, 2)


def test_dates_are_returned_in_utc_and_metadata_left_out() -> None:
    moment = datetime(2026, 11, 22, 2, 0, tzinfo=INDIA)
    assert plain({"At": moment, "Body": b"x", "ResponseMetadata": {}}) == {"At": "2026-11-21T20:30:00Z", "Body": "x"}


def test_a_query_picks_from_the_answer() -> None:
    assert pick({"A": [{"B": 1}, {"B": 2}]}, "A[].B") == [1, 2]
    assert pick({"A": 1}, None) == {"A": 1}
