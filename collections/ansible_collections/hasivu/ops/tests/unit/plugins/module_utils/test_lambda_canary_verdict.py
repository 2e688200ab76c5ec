# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a new version does worse than the one before, and when nothing can be said."""

from __future__ import annotations

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import lambda_canary_verdict as verdict
from ansible_collections.hasivu.ops.plugins.module_utils.lambda_canary_verdict import Sample

LIMITS = verdict.Limits(error_rate=0.01, slower_factor=1.5, slower_ms=200, least_calls=20)
CALM = Sample(calls=1000, p95=100)


@pytest.mark.parametrize(
    ("new", "old", "reason"),
    [
        (Sample(calls=100, p95=120), CALM, ""),
        (Sample(calls=100, errors=5), CALM, "5 of its 100 calls failed"),
        (Sample(calls=100, errors=1), CALM, ""),
        (Sample(calls=100, errors=5), Sample(calls=1000, errors=40), ""),
        (Sample(calls=100, errors=20), Sample(calls=1000, errors=40), "20 of its 100 calls failed"),
        (Sample(calls=50, throttles=10), CALM, "throttled"),
        (Sample(calls=100, p95=400), CALM, "took up to 400 ms"),
        (Sample(calls=5, p95=400), CALM, ""),
        (Sample(), CALM, ""),
    ],
)
def test_a_version_is_judged_beside_the_one_before(new: Sample, old: Sample, reason: str) -> None:
    found = verdict.worse(new, old, "", LIMITS)
    assert (reason in found) if reason else found == ""


def test_a_failed_trial_call_is_enough() -> None:
    assert "ended with KeyError" in verdict.worse(Sample(), CALM, "it ended with KeyError", LIMITS)


def test_too_few_calls_are_no_good_sign() -> None:
    assert "only 19 calls" in verdict.unknown(Sample(calls=10), 9, LIMITS)
    assert verdict.unknown(Sample(calls=10), 10, LIMITS) == ""


def test_samples_come_from_the_version_that_was_executed_behind_the_alias() -> None:
    asked = verdict.queries("orders", "live", {"new": "7", "old": "6"})
    dimensions = asked[0]["MetricStat"]["Metric"]["Dimensions"]
    assert {one["Name"]: one["Value"] for one in dimensions} == {
        "FunctionName": "orders",
        "Resource": "orders:live",
        "ExecutedVersion": "7",
    }
    results = [
        {"Id": "new_calls", "Values": [3.0, 4.0]},
        {"Id": "new_errors", "Values": [1.0]},
        {"Id": "new_p95", "Values": [80.0, 120.0]},
    ]
    assert verdict.sample_of(results, "new") == Sample(calls=7, errors=1, p95=120)
    assert verdict.sample_of(results, "old") == Sample()
