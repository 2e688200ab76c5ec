# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Events of CloudTrail looked up whole and politely, and told apart by what explains them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.run_manifests import changing_runs
from ansible_collections.hasivu.ops.plugins.module_utils.trail_changes import (
    Approval,
    Run,
    change_findings,
    change_rows,
    judge,
)
from ansible_collections.hasivu.ops.plugins.module_utils.trail_lookup import (
    Event,
    Pace,
    Question,
    Window,
    event,
    look_up,
)

NOON = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WINDOW = Window(NOON - timedelta(days=35), NOON)
QUESTION = Question("us-east-1", "EventSource", "iam.amazonaws.com")
ASHA = {"type": "IAMUser", "arn": "arn:aws:iam::204867531290:user/staff/asha", "userName": "asha"}
ISSUER = {"type": "Role", "arn": "arn:aws:iam::204867531290:role/hasivu-operations", "userName": "hasivu-operations"}
ASSUMED = {
    "type": "AssumedRole",
    "arn": "arn:aws:sts::204867531290:assumed-role/hasivu-operations/asha",
    "sessionContext": {"sessionIssuer": ISSUER},
}


def shown(name: str = "AttachUserPolicy", at: datetime = NOON, who: Any = ASHA, **more: Any) -> dict[str, Any]:
    record = {"userIdentity": who, "awsRegion": "us-east-1", "requestParameters": more.pop("sent", {}), **more}
    return {
        "EventId": f"{name}-{at.isoformat()}-{json.dumps(record, sort_keys=True)}",
        "EventName": name,
        "EventSource": "iam.amazonaws.com",
        "EventTime": at,
        "Username": "asha",
        "ReadOnly": "false",
        "CloudTrailEvent": json.dumps(record),
    }


def made(*given: Any, **more: Any) -> Event:
    return event(shown(*given, **more), "us-east-1")


class Trail:
    """CloudTrail with so many pages, each of one change and one reading."""

    def __init__(self, pages: int) -> None:
        self.pages, self.asked = pages, []

    def lookup_events(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        number = int(asked.get("NextToken", 0))
        events = [shown(at=NOON - number * MINUTE), {**shown("GetUser"), "ReadOnly": "true"}]
        return {"Events": events, **({"NextToken": str(number + 1)} if number + 1 < self.pages else {})}


def test_every_page_is_read_and_readings_are_left_out() -> None:
    trail = Trail(60)
    found = look_up(trail, QUESTION, WINDOW, Pace(1e9), 60)
    assert len(found) == len({one.at for one in found}) == 60
    assert {one.name for one in found} == {"AttachUserPolicy"}
    asked = [{"AttributeKey": "EventSource", "AttributeValue": "iam.amazonaws.com"}]
    assert all(one["LookupAttributes"] == asked for one in trail.asked)


def test_one_page_too_many_is_an_error_and_no_shorter_answer() -> None:
    with pytest.raises(RuntimeError, match="more than 59 pages"):
        look_up(Trail(60), QUESTION, WINDOW, Pace(1e9), 59)


def test_requests_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = [100.0], []
    monkeypatch.setattr("time.sleep", lambda seconds: (slept.append(seconds), now.__setitem__(0, now[0] + seconds)))
    pace = Pace(2, clock=lambda: now[0])
    for _ in range(3):
        pace.wait()
    assert slept == [0.0, 0.5, 0.5]


@pytest.mark.parametrize(
    ("identity", "principal"),
    [
        (ASHA, "user/asha"),
        (ASSUMED, "role/hasivu-operations"),
        ({"type": "Root", "arn": "arn:aws:iam::204867531290:root"}, "root"),
        ({"type": "AWSService", "invokedBy": "sso.amazonaws.com"}, "sso.amazonaws.com"),
        ({}, "unknown"),
    ],
)
def test_the_principal_behind_a_call_is_named(identity: dict[str, Any], principal: str) -> None:
    assert made(who=identity).principal == principal


def approval(**more: Any) -> Approval:
    start, end = NOON - 60 * MINUTE, NOON + 60 * MINUTE
    fields = {"ticket": "OPS-7", "by": "asha", "start": start, "end": end, "events": ("Attach*",)}
    return Approval(**{**fields, **more})


@pytest.mark.parametrize(
    ("given", "explained"),
    [
        ({}, True),
        ({"by": "user/asha"}, True),
        ({"by": "rohit"}, False),
        ({"events": ("CreateAccessKey",)}, False),
        ({"end": NOON - MINUTE}, False),
        ({"start": NOON + MINUTE}, False),
        ({"targets": ("vendor-*",)}, True),
        ({"targets": ("ci-deploy",)}, False),
    ],
)
def test_a_ticket_explains_who_what_whom_and_when_and_nothing_else(given: dict[str, Any], explained: bool) -> None:
    judged = judge([made(sent={"userName": "vendor-reporting"})], [approval(**given)], [])
    assert bool(judged.explained) is explained
    assert bool(judged.unexplained) is not explained


@pytest.mark.parametrize(
    ("given", "explained"),
    [
        ({}, True),
        ({"end": NOON - 2 * MINUTE}, False),
        ({"start": NOON + 2 * MINUTE}, False),
        ({"principals": ("role/hasivu-operations",)}, False),
        ({"events": ("UpdateAccessKey",)}, False),
    ],
)
def test_a_run_explains_what_its_procedure_does_in_its_minutes(given: dict[str, Any], explained: bool) -> None:
    fields = {"id": "r", "principals": ("asha",), "events": ("*Policy",), "start": NOON, "end": NOON}
    judged = judge([made()], [], [Run(**{**fields, **given})])
    assert bool(judged.explained) is explained


def kinds(*events: Event) -> list[str]:
    return [one["key"] for one in change_findings(judge(events, [], []))]


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        (made("CreateAccessKey"), ["unexplained-permission-change"]),
        (made("PutUserPolicy", sent={"policyDocument": '{"Action": ["s3:Get*"]}'}), ["unexplained-permission-change"]),
        (made("PutUserPolicy", sent={"policyDocument": '{"Action": "*"}'}), ["unexplained-administrator"]),
        (made("PutUserPolicy", sent={"policyDocument": '{"Action":["*:*"]}'}), ["unexplained-administrator"]),
        (made(sent={"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}), ["unexplained-administrator"]),
        (made("UpdateAssumeRolePolicy"), ["unexplained-administrator"]),
        (made("CreateUser", who={"type": "Root"}), ["unexplained-administrator"]),
        (made("CreateAccountAssignment"), ["unexplained-permission-change"]),
        (made("DeactivateMFADevice"), ["unexplained-permission-change"]),
        (made("ConsoleLogin"), []),
        (made("ConsoleLogin", who={"type": "Root"}), ["root-used"]),
        (made("GenerateCredentialReport"), []),
        (made("AttachUserPolicy", errorCode="AccessDenied"), ["refused-permission-change"]),
    ],
)
def test_a_change_is_as_grave_as_what_it_gives(happened: Event, expected: list[str]) -> None:
    assert kinds(happened) == expected


def test_a_change_is_told_with_both_times_and_the_region() -> None:
    (finding,) = change_findings(judge([made(sent={"userName": "vendor-reporting"})], [], []))
    assert "2026-11-20 06:30:00 UTC (2026-11-20 12:00:00 IST)" in finding["what"]
    assert "user/asha called AttachUserPolicy for vendor-reporting in us-east-1" in finding["what"]
    assert finding["where"] == "user/asha AttachUserPolicy in us-east-1"


def test_a_flood_of_one_kind_is_one_finding_that_counts_it_and_a_twin_counts_once() -> None:
    flood = [made("CreateUser", NOON + number * MINUTE, sent={"userName": f"u{number}"}) for number in range(3000)]
    (finding,) = change_findings(judge([*flood, *flood], [], []))
    assert "3000 times" in finding["what"]
    assert "u0, u1, u2, u3, u4 and others" in finding["what"]


def test_a_table_tells_what_explains_each_change_newest_first() -> None:
    flood = [made("CreateUser", NOON + number * MINUTE, sent={"userName": f"u{number}"}) for number in range(90)]
    tried = made("CreateRole", NOON - MINUTE, errorCode="AccessDenied")
    rows = change_rows(judge([*flood, made(), tried], [approval(events=("AttachUserPolicy",))], []))
    told = [(row["name"], row["times"], row["explained"]) for row in rows]
    assert told == [
        ("CreateUser", 90, "no"),
        ("AttachUserPolicy", 1, "OPS-7"),
        ("CreateRole", 1, "refused: AccessDenied"),
    ]
    assert (rows[0]["first_event"], rows[0]["last_event"]) == (flood[0].id, flood[-1].id)


def test_only_runs_that_could_change_something_are_read(tmp_path: Any) -> None:
    at = {"at": "2026-11-20T06:30:00Z"}
    whole = {
        "procedure": "rotate-access-keys",
        "environment": "sandbox",
        "risk": "disruptive",
        "started": at,
        "ended": at,
    }
    given = {
        "one": whole,
        "rehearsal": {**whole, "check": True},
        "reading": {**whole, "risk": "read"},
        "elsewhere": {**whole, "environment": "staging"},
        "unfinished": {**whole, "ended": None},
    }
    for name, manifest in given.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(json.dumps({"run": name, **manifest}))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "manifest.json").write_text("{")
    assert [run["id"] for run in changing_runs(tmp_path, "sandbox")] == ["one"]
