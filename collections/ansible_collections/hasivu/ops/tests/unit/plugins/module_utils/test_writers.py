"""Which programs write, who explains a session, and to what each writer is set; all without an API."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.writer_aws import BusyError, GoneError, WriterError
from ansible_collections.hasivu.ops.plugins.module_utils.writer_capture_aws import settled
from ansible_collections.hasivu.ops.plugins.module_utils.writer_decision import (
    KINDS,
    RESTING,
    STAGES,
    concurrency,
    kinds_of,
    replicas,
    share_of_account,
)
from ansible_collections.hasivu.ops.plugins.module_utils.writer_marks import (
    Marks,
    function_mark,
    function_of,
    marks_of,
    pod_mark,
    target_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.writer_quiet import Quiet, open_said, rows_said
from ansible_collections.hasivu.ops.plugins.module_utils.writer_return import in_order
from ansible_collections.hasivu.ops.plugins.module_utils.writer_sessions import explanation, merged, unexplained
from ansible_collections.hasivu.ops.plugins.module_utils.writer_setting import Report, Setter

MARKS = marks_of(
    {
        "secrets": ["database"],
        "config_maps": {"config": ["database-*"]},
        "variables": ["DATABASE_*"],
        "secret_ids": ["hasivu/*/database/*"],
    }
)
LAMBDA = "arn:aws:lambda:ap-south-1:204867531290:function:payments"


@pytest.mark.parametrize(
    ("container", "volumes"),
    [
        ({"envFrom": [{"secretRef": {"name": "database"}}]}, []),
        ({"envFrom": [{"configMapRef": {"name": "config"}}]}, []),
        ({"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}}]}, []),
        ({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "config", "key": "database-url"}}}]}, []),
        ({"env": [{"name": "DATABASE_URL", "value": "postgresql://db/hasivu"}]}, []),
        ({}, [{"name": "v", "secret": {"secretName": "database"}}]),
        ({}, [{"name": "v", "configMap": {"name": "config", "items": [{"key": "database-host", "path": "h"}]}}]),
        ({}, [{"name": "v", "projected": {"sources": [{"secret": {"name": "database"}}]}}]),
    ],
)
def test_a_pod_that_reads_the_database_settings_writes(container: dict[str, Any], volumes: list[Any]) -> None:
    assert pod_mark({"containers": [container], "volumes": volumes}, MARKS)
    assert pod_mark({"initContainers": [container], "containers": [{}], "volumes": volumes}, MARKS)


@pytest.mark.parametrize(
    ("container", "volumes"),
    [
        ({"envFrom": [{"secretRef": {"name": "redis"}}]}, []),
        ({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "config", "key": "redis-host"}}}]}, []),
        ({"env": [{"name": "REDIS_HOST", "value": "database"}]}, []),
        ({}, [{"name": "v", "configMap": {"name": "config", "items": [{"key": "redis-host", "path": "h"}]}}]),
        ({}, [{"name": "v", "emptyDir": {}}]),
    ],
)
def test_other_pods_do_not(container: dict[str, Any], volumes: list[Any]) -> None:
    assert pod_mark({"containers": [container], "volumes": volumes}, MARKS) == ""


@pytest.mark.parametrize(
    ("variables", "mark"),
    [
        ({"DATABASE_PASSWORD": "sesame"}, "variable DATABASE_PASSWORD"),
        ({"SECRET_ID": "hasivu/production/database/application"}, "secret hasivu/*/database/*"),
        ({"S": "arn:aws:secretsmanager:ap-south-1:1:secret:hasivu/a/database/b-A1b2C3"}, "secret hasivu/*/database/*"),
        ({"SECRET_ID": "hasivu/production/redis"}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_a_function_writes_when_its_environment_names_the_database(variables: dict[str, str], mark: str) -> None:
    assert function_mark({"Environment": {"Variables": variables}}, MARKS) == mark


def test_a_secret_without_a_pattern_is_known_by_its_arn() -> None:
    marks = Marks(secret_ids=("hasivu/app",))
    arn = "arn:aws:secretsmanager:ap-south-1:1:secret:hasivu/app"
    for value, known in ((f"{arn}-A1b2C3", True), (arn, True), (f"{arn}endix-A1b2C3", False)):
        assert bool(function_mark({"Environment": {"Variables": {"S": value}}}, marks)) is known


@pytest.mark.parametrize(
    ("target", "called"),
    [
        ({"Arn": LAMBDA}, "payments"),
        ({"Arn": f"{LAMBDA}:live"}, "payments"),
        ({"Arn": "arn:aws:sqs:ap-south-1:1:queue"}, "payments"),
        (
            {"Arn": "arn:aws:scheduler:::aws-sdk:lambda:invoke", "Input": '{"FunctionName": "payments:live"}'},
            "payments",
        ),
        ({"Arn": "arn:aws:scheduler:::aws-sdk:lambda:invoke", "Input": f'{{"FunctionName": "{LAMBDA}"}}'}, "payments"),
        ({"Arn": "arn:aws:scheduler:::aws-sdk:lambda:invoke", "Input": "no json"}, ""),
        ({"Arn": f"{LAMBDA[:-8]}menus"}, ""),
        ({"Arn": "arn:aws:sqs:ap-south-1:1:another"}, ""),
        ({"Arn": "arn:aws:sns:ap-south-1:1:topic"}, ""),
    ],
)
def test_a_target_leads_to_a_writer_directly_or_through_a_queue(target: dict[str, str], called: str) -> None:
    assert target_of(target, ["payments"], {"arn:aws:sqs:ap-south-1:1:queue": "payments"}) == called


def test_an_arn_of_something_else_is_no_function() -> None:
    assert function_of("arn:aws:lambda:ap-south-1:1:layer:fonts:1") == ""
    assert function_of("") == ""


def session(**more: Any) -> dict[str, Any]:
    common = {"role": "app", "application": "web", "address": "10.0.0.1", "started": "1", "kind": "client backend"}
    return {**common, "pid": 1, "database": "hasivu", **more}


@pytest.mark.parametrize(
    ("found", "explained"),
    [
        (session(), True),
        (session(address="10.9.9.9"), False),
        (session(application="report"), True),
        (session(application="none"), False),
        (session(application="web import"), False),
        (session(application="psql", role="rdsadmin"), True),
        (session(application="psql"), False),
        (session(application="hasivu-ops/weekly-db/1", role="hasivu_maint"), True),
        (session(application="hasivu-ops/weekly-db/1", role="app"), False),
    ],
)
def test_a_session_belongs_to_a_writer_at_its_address_or_is_explained_by_a_rule(
    found: dict[str, Any], explained: bool
) -> None:
    writers = {"web": ["10.0.0.1"], "report": None, "none": []}
    rules = [
        {"role": "rds*", "why": "Of RDS."},
        {"role": "hasivu_*", "application": "hasivu-ops*", "why": "A procedure."},
        {"why": "A rule without a pattern explains nothing."},
    ]
    assert bool(explanation(found, writers, rules)) is explained


def test_clients_are_told_once_with_their_sessions_of_all_samples() -> None:
    samples = [[session(pid=1), session(pid=2)], [session(pid=2), session(pid=2, started="0")], []]
    assert len(merged(samples)) == 3
    (client,) = unexplained(merged(samples), {}, [])
    assert (client["sessions"], client["since"], client["application"]) == (3, "0", "web")


@pytest.mark.parametrize(
    ("was", "now", "bounds", "canary", "wanted"),
    [
        (3, 0, None, False, 3),
        (3, 1, (2, 12), False, 3),
        (3, 0, (4, 12), False, 4),
        (10, 0, (2, 6), False, 6),
        (3, 0, (0, 6), False, 3),
        (0, 0, (2, 6), False, 0),
        (0, 0, None, True, 0),
        (3, 0, (2, 6), True, 1),
        (3, 3, (2, 6), True, 3),
    ],
)
def test_a_deployment_gets_what_it_had_within_the_bounds_of_today(
    was: int, now: int, bounds: tuple[int, int] | None, canary: bool, wanted: int
) -> None:
    assert replicas(was, now, bounds, canary) == wanted


@pytest.mark.parametrize(
    ("was", "now", "level", "wanted"),
    [
        (None, 0, "few", 5),
        (None, 5, "quarter", 25),
        (None, 25, "captured", None),
        (40, 0, "few", 5),
        (40, 5, "quarter", 10),
        (40, 10, "captured", 40),
        (12, 0, "quarter", 5),
        (3, 0, "few", 3),
        (3, 0, "quarter", 3),
        (0, 0, "few", 0),
        (0, 0, "captured", 0),
        (40, 10, "few", 10),
        (40, 40, "quarter", 40),
        (None, None, "few", None),
    ],
)
def test_concurrency_comes_back_in_steps_and_never_goes_back(
    was: int | None, now: int | None, level: str, wanted: int | None
) -> None:
    assert concurrency(was, now, level, share_of_account=100) == wanted


def test_the_share_of_an_account_is_divided_among_those_without_a_limit() -> None:
    assert share_of_account(1000, 4) == 250
    assert share_of_account(1000, 0) == 1000


def test_stages_are_worked_on_in_their_order_and_back_in_the_reverse_one() -> None:
    every = list(STAGES)
    assert kinds_of(every, returning=False) == list(KINDS)
    assert kinds_of(["deployments", "schedules"], returning=False)[:2] == ["schedules", "rules"]
    assert set(RESTING) == set(KINDS)
    assert in_order(kinds_of(every, returning=True))[0] == "deployments"
    assert in_order(kinds_of(every, returning=True))[-2:] == ["rules", "schedules"]
    assert sorted(in_order(list(KINDS))) == sorted(KINDS)


@pytest.mark.parametrize(
    ("state", "value"), [("Creating", "Enabled"), ("Disabling", "Disabled"), ("Updating", "Enabled")]
)
def test_a_mapping_between_two_states_is_captured_as_where_it_goes(state: str, value: str) -> None:
    assert settled(state) == value


def test_whatever_is_found_begins_the_quiet_anew() -> None:
    quiet = Quiet(10)
    quiet.note([], 100, "t100")
    assert not quiet.is_long_enough(109)
    quiet.note(["a pod"], 109, "t109")
    assert not quiet.is_long_enough(111)
    quiet.note([], 111, "t111")
    assert quiet.is_long_enough(121)
    assert (quiet.since, quiet.recent(115), quiet.recent(125)) == ("t111", ["a pod"], [])


def test_rows_count_for_each_table_and_a_reset_counter_says_nothing() -> None:
    assert rows_said({"a": 5, "b": 7, "c": 9}, {"a": 5, "b": 8, "c": 0, "d": 1}) == [
        "rows of b are written",
        "rows of d are written",
    ]
    said = open_said([{"application": "psql", "role": "app"}] * 2)
    assert said == ["psql as app has written and not committed"]


class FakeKind:
    """A kind of writer in memory, which changes when it is told so."""

    def __init__(self, **values: Any) -> None:
        self.values = values
        self.written: list[tuple[str, Any]] = []
        self.busy = 0
        self.doing: list[str] = []
        self.reverts = False
        self.ill = ""

    def read(self, name: str) -> Any:
        if name not in self.values:
            raise GoneError(name)
        return self.values[name]

    def write(self, name: str, value: Any) -> None:
        if self.busy:
            self.busy -= 1
            raise BusyError("in use")
        self.written.append((name, value))
        self.values[name] = value

    def call(self, name: str, value: Any) -> str:
        return f"{name}={value}"

    def unsettled(self, name: str) -> str:
        said = self.doing.pop() if self.doing else ""
        if said and self.reverts:
            self.values[name] = 3
        return said

    def problem(self, name: str) -> str:
        return self.ill

    def author(self, name: str) -> str:
        return "argocd"


def setter(kind: FakeKind, seconds: float = 5, dry_run: bool = False) -> Setter:
    return Setter("kind", kind, dry_run, time.monotonic() + seconds, lambda said: None)


def test_only_what_is_not_as_wanted_is_set_and_what_is_gone_is_noted() -> None:
    kind, report = FakeKind(a=3, b=0), Report()
    wanted = setter(kind).set(["a", "b", "c"], lambda name, now: 0, report)
    setter(kind).settle(wanted)
    assert (kind.written, report.calls, report.gone) == ([("a", 0)], ["a=0"], ["kind/c"])
    assert (report.before, report.after) == ({"kind/a": 3}, {"kind/a": 0})


def test_a_rehearsal_names_the_calls_and_makes_none() -> None:
    kind, report = FakeKind(a=3), Report()
    rehearsing = setter(kind, dry_run=True)
    rehearsing.settle(rehearsing.set(["a"], lambda name, now: 0, report))
    assert (kind.written, report.calls) == ([], ["a=0"])


def test_one_that_is_being_changed_is_set_as_soon_as_it_can_be_and_not_for_ever() -> None:
    kind, report = FakeKind(a=3), Report()
    kind.busy = 2
    setter(kind).set(["a"], lambda name, now: 0, report)
    assert kind.values == {"a": 0}
    kind.busy = 10**6
    with pytest.raises(BusyError):
        setter(kind, seconds=0.1).set(["a"], lambda name, now: 1, report)


def test_a_setting_that_somebody_takes_back_is_told_with_who() -> None:
    kind = FakeKind(a=0)
    kind.doing, kind.reverts = ["its pods are there"] * 3, True
    with pytest.raises(WriterError, match="a was set back to 3 by argocd"):
        setter(kind).settle({"a": 0})


def test_what_does_not_settle_in_time_says_what_is_left() -> None:
    kind = FakeKind(a=0)
    kind.doing = ["its pods web-1 are still there"] * 1000
    with pytest.raises(WriterError, match="its pods web-1 are still there, and the time for it is over"):
        setter(kind, seconds=0.1).settle({"a": 0})
