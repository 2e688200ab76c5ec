"""What a login test makes of what it saw, at the cache and at AWS."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.modules import access_key_test, cache_login_test

CACHE = {"accepted": ["new"], "refused": ["old"]}
KEYS = {**CACHE, "user": "hasivu-reports"}
ARN = "arn:aws:iam::123456789012:user/hasivu-reports"
QUIET: dict[str, Any] = {"older_clients": [], "refused_logins": 0}


@pytest.mark.parametrize(
    ("seen", "stop"),
    [
        ({"tried": {"new": True, "old": False}}, ""),
        ({"tried": {"new": True, "old": None}}, ""),
        ({"tried": {"new": False, "old": False}}, "resumable"),
        ({"tried": {"new": None, "old": False}}, "resumable"),
        ({"tried": {"new": True, "old": True}}, "finding"),
        ({"tried": {"new": True, "old": False}, "older_clients": [{"address": "a", "name": "b"}]}, "resumable"),
        ({"tried": {"new": True, "old": False}, "refused_logins": 2}, "resumable"),
    ],
)
def test_a_cache_is_as_wanted_or_the_sentence_says_what_is_not(seen: dict[str, Any], stop: str) -> None:
    problem, how = cache_login_test.verdict(CACHE, {**QUIET, **seen}, rehearsal=False)
    assert how == stop
    assert bool(problem) == bool(stop)


@pytest.mark.parametrize(
    ("tried", "stop"),
    [
        ({"new": ARN, "old": "InvalidClientTokenId"}, ""),
        ({"new": ARN, "old": ""}, ""),
        ({"new": "InvalidClientTokenId", "old": ""}, "resumable"),
        ({"new": "", "old": ""}, "resumable"),
        ({"new": ARN, "old": ARN}, "finding"),
        ({"new": ARN + "-of-others", "old": ""}, "decision"),
        ({"new": ARN.replace("user/", "user/services/"), "old": ""}, ""),
    ],
)
def test_a_key_is_as_wanted_or_the_sentence_says_what_is_not(tried: dict[str, str], stop: str) -> None:
    problem, how = access_key_test.verdict(KEYS, tried, rehearsal=False)
    assert how == stop
    assert bool(problem) == bool(stop)


def test_a_rehearsal_misses_no_version_that_it_did_not_store() -> None:
    assert cache_login_test.verdict(CACHE, {**QUIET, "tried": {"new": None, "old": True}}, rehearsal=True) == ("", "")
    assert access_key_test.verdict(KEYS, {"new": "", "old": ARN}, rehearsal=True) == ("", "")
    assert cache_login_test.verdict(CACHE, {**QUIET, "tried": {"new": False, "old": True}}, rehearsal=True)[1]
