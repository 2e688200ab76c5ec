# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an update of a function sends, what it leaves alone, and what of it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import lambda_settings as settings

PRESENT: dict[str, Any] = {
    "FunctionName": "hasivu-platform-api-orders",
    "Version": "$LATEST",
    "RevisionId": "a",
    "MemorySize": 512,
    "Timeout": 15,
    "Runtime": "python3.13",
    "CodeSha256": "code",
    "CodeSize": 10,
    "Layers": [{"Arn": "layer:1"}],
    "Environment": {"Variables": {"KEPT": "1", "DATABASE_PASSWORD": "old-password"}},
}


def test_only_what_differs_is_sent() -> None:
    assert settings.wanted_request(PRESENT, {"memory_size": 512, "timeout": 20}, {}) == {"Timeout": 20}
    assert settings.wanted_request(PRESENT, {"memory_size": 512}, {"DATABASE_PASSWORD": "old-password"}) == {}


def test_the_environment_is_merged_and_sent_whole() -> None:
    options = {"environment": {"set": {"NEW": "2"}, "unset": ["GONE"]}}
    request = settings.wanted_request(PRESENT, options, {"DATABASE_PASSWORD": "new-password"})
    assert request == {"Environment": {"Variables": {"KEPT": "1", "NEW": "2", "DATABASE_PASSWORD": "new-password"}}}


def test_a_variable_is_removed_only_when_named() -> None:
    request = settings.wanted_request(PRESENT, {"environment": {"set": {}, "unset": ["KEPT"]}}, {})
    assert request == {"Environment": {"Variables": {"DATABASE_PASSWORD": "old-password"}}}


def test_going_back_touches_what_the_change_touched_and_no_more() -> None:
    latest = {**PRESENT, "MemorySize": 1024, "Timeout": 99, "Environment": {"Variables": {"KEPT": "9", "NEW": "2"}}}
    request = settings.restoring_request(latest, PRESENT, ["Environment.NEW", "MemorySize"])
    assert request == {"MemorySize": 512, "Environment": {"Variables": {"KEPT": "9"}}}


def test_a_change_speaks_of_settings_and_single_variables() -> None:
    options = {
        "memory_size": 1024,
        "environment": {"set": {"B": "1"}, "unset": ["C"]},
        "environment_from_secret": {"variables": {"A": "username"}},
    }
    assert settings.touched_by(options) == ["Environment.A", "Environment.B", "Environment.C", "MemorySize"]


def test_a_version_equals_latest_when_nothing_frozen_differs() -> None:
    version = {**PRESENT, "Version": "3", "RevisionId": "b", "Description": "OPS-1", "LastModified": "later"}
    assert settings.differences(PRESENT, version) == []
    assert settings.differences(PRESENT, {**version, "Layers": []}) == ["Layers"]
    assert settings.differences(PRESENT, {**version, "CodeSha256": "other", "CodeSize": 11}) == ["CodeSha256"]
    assert settings.differences(PRESENT, {**version, "MemorySize": 1}, ["MemorySize"]) == []


def test_no_value_of_the_environment_is_told() -> None:
    request = settings.wanted_request(PRESENT, {}, {"DATABASE_PASSWORD": "new-password", "KEPT": "1"})
    said = json.dumps([settings.told(PRESENT), settings.shown_difference(PRESENT, request)])
    assert "old-password" not in said
    assert "new-password" not in said
    assert "Environment.DATABASE_PASSWORD" in said
    assert settings.told(PRESENT)["EnvironmentNames"] == ["DATABASE_PASSWORD", "KEPT"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"function": "someone-elses"}, "does not begin with"),
        ({"memory_size": 64}, "between 128 and 10240"),
        ({"memory_size": 10_241}, "between 128 and 10240"),
        ({"timeout": 901}, "between 1 and 900"),
        ({"environment": {"set": {"DATABASE_PASSWORD": "x"}}}, "looks like a secret"),
    ],
)
def test_what_must_not_be_asked_for_is_refused(options: dict[str, Any], reason: str) -> None:
    asked = {"function": "hasivu-platform-api-orders", **options}
    assert reason in settings.objection(asked, "hasivu-platform-api-")


def test_what_may_be_asked_for_is_not_refused() -> None:
    asked = {"function": "hasivu-platform-api-orders", "memory_size": 128, "timeout": 900, "runtime": None}
    assert settings.objection(asked, "hasivu-platform-api-") == ""
