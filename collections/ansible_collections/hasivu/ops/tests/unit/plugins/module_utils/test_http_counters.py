# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Counters of Prometheus, and how far they rose."""

from __future__ import annotations

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.http_counters import matching, rise, samples

TEXT = """# HELP http_requests_total Requests answered.
# TYPE http_requests_total counter
http_requests_total{action="POST /orders",status="201"} 40
http_requests_total{action="POST /orders",status="503"} 2
orders_created_total 140
orders_failed_total 3
db_pool_in_use{deployment="hasivu-web",pod="p"} 7
"""
FAILED = matching(r'http_requests_total\{.*status="5\d\d".*|orders_failed_total.*')
COUNTED = matching(r"(http_requests_total\{|orders_(created|failed)_total).*")


def test_answers_and_errors_are_told_apart() -> None:
    found = samples(TEXT)
    assert rise({}, found, COUNTED) == 185
    assert rise({}, found, FAILED) == 5
    assert rise(found, found, COUNTED) == 0


def test_a_counter_that_fell_began_anew() -> None:
    assert rise({"orders_failed_total": 90}, {"orders_failed_total": 3}, FAILED) == 3


def test_a_page_that_is_no_counter_is_an_error() -> None:
    with pytest.raises(ValueError, match="no counter"):
        samples("<html>It works!</html>")
