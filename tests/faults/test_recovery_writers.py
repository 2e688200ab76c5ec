"""Writers are found, brought to rest and returned while orders flow; seen by SQL, HTTP and the APIs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from support.calling import call, calling, defaults
from support.door import get
from support.faulting import faulty
from support.killing import kill_tree, wait_for
from support.rotation import aws, login, works
from support.sandbox import Sandbox
from support.writers import (
    DEPLOYMENTS,
    FUNCTIONS,
    PAYMENTS,
    STAGES_BACK,
    World,
    back,
    declared,
    fence,
    find,
    gone,
    is_throttled,
    options,
    orders,
    payments,
    rest,
    returned_at_last,
    rows_written,
    take_payment,
)

pytestmark = pytest.mark.xdist_group("recovery-writers")


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World(sandbox)


def changing(sandbox: Sandbox) -> int:
    """Return how many requests have changed something, whoever sent them, but for leases."""
    return sum(
        request["changing"] and "leases" not in request["action"]
        for part in ("aws", "kubernetes")
        for request in sandbox.requests(part)
    )


def test_every_writer_is_found_by_what_it_reads_and_no_secret_is_told(sandbox: Sandbox) -> None:
    found = find(sandbox, declared={})
    kinds = {(one["kind"], one["name"]) for one in found["writers"] if one["kind"] != "mappings"}
    assert kinds == {
        *(("deployments", name) for name in DEPLOYMENTS),
        *(("functions", name) for name in FUNCTIONS),
        ("cron_jobs", "hasivu-menu-rollover"),
        ("rules", "default/hasivu-nightly-settlement"),
        ("schedules", "default/hasivu-settle-schools"),
    }
    assert [one["function"] for one in found["captured"]["mappings"].values()] == [PAYMENTS]
    assert [one for one in found["captured"]["deployments"].values() if one["value"] < 2] == []
    said = json.dumps({**found, "invocation": None})
    assert [name for name, value in sandbox.secrets().items() if value in said] == []


def test_a_declared_writer_that_does_not_exist_stops_the_run(sandbox: Sandbox) -> None:
    found = find(sandbox, declared={"functions": ["hasivu-platform-api-orders", "hasivu-platform-api-canteen"]})
    assert (found["failed"], found["stop"]) == (True, "refused")
    assert "functions/hasivu-platform-api-canteen" in found["msg"]


def test_writers_rest_while_orders_flow_and_come_back_as_they_were(sandbox: Sandbox, world: World) -> None:
    before = world.picture()
    with orders(sandbox), returned_at_last(sandbox) as captured:
        requests = changing(sandbox)
        planned = rest(sandbox, captured, check=True)["calls"]
        assert back(sandbox, captured, check=True)["calls"] == []
        returning = back(sandbox, captured, check=True, assume_quiesced=True)["calls"]
        assert changing(sandbox) == requests
        assert world.picture() == before

        done = kill_between_stages(sandbox, world, captured)
        assert set(planned) >= set(done["calls"])
        assert done["calls"], "the killed call had done everything"
        assert [world.replicas(name) for name in DEPLOYMENTS] == [0, 0]
        assert gone(sandbox, captured)["gone"]
        take_payment(sandbox, "pay_atrest00000001")
        assert rows_written(sandbox, 1.5) == 0
        assert all(is_throttled(sandbox, name) for name in FUNCTIONS)
        assert world.mapping()["State"] == "Disabled"
        assert not rest(sandbox, captured)["changed"]

        check_fence(sandbox)
        returned = [back(sandbox, captured, **stage) for stage in STAGES_BACK]
        assert [one["changed"] for one in returned] == [True] * len(STAGES_BACK), returned
        assert set(returning) == {call for one in returned for call in one["calls"] if is_last(call)}
        assert world.picture() == before
        assert not back(sandbox, captured)["changed"]
        assert wait_for(lambda: payments(sandbox, "pay_atrest00000001")) == 1
        assert wait_for(lambda: rows_written(sandbox, 0.5))
    assert world.picture() == before


def is_last(call: str) -> bool:
    """Tell whether a call is not one of the steps on the way back."""
    return "PutFunctionConcurrency" not in call and not call.endswith("hasivu-api spec.replicas=1")


def kill_between_stages(sandbox: Sandbox, world: World, captured: dict[str, Any]) -> dict[str, Any]:
    """Kill a call as soon as functions rest, and call again."""
    with calling(sandbox, "writers", **options(sandbox, captured, "quiesced")) as process:
        wait_for(lambda: world.reserved(FUNCTIONS[0]) == 0)
        kill_tree(process.pid)
    done = rest(sandbox, captured)
    assert not done.get("failed"), done
    return done


def check_fence(sandbox: Sandbox) -> None:
    """Fence the database off, have the fence removed, put it back, and take it away."""
    held = login(sandbox)
    assert works(sandbox, held)
    built = fence(sandbox)
    assert (built["changed"], built["refused"]) == (True, "28000")
    assert not works(sandbox, held)
    with sandbox.database() as connection:
        connection.execute(f"ALTER ROLE {held['username']} LOGIN")
    again = fence(sandbox, captured=built["captured"])
    assert again["changed"]
    assert not works(sandbox, held)
    assert not fence(sandbox, captured=built["captured"])["changed"]
    assert fence(sandbox, state="absent", captured=built["captured"])["changed"]
    assert works(sandbox, held)


def test_a_fence_ends_the_sessions_that_are_open(sandbox: Sandbox) -> None:
    held = login(sandbox)
    with orders(sandbox):
        built = fence(sandbox)
        try:
            roles = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
            assert built["terminated"] >= 1
            assert sandbox.value(roles, held["username"]) == 0
        finally:
            fence(sandbox, state="absent", captured=built["captured"])


def test_a_forgotten_writer_stops_the_run_before_anything_is_changed(sandbox: Sandbox) -> None:
    assert sandbox.play("sandbox", "fault", "forgotten-writer").returncode == 0
    try:
        found = find(sandbox)
        assert (found["failed"], found["stop"]) == (True, "refused")
        assert "canteen-kiosk-import as hasivu_admin" in found["msg"]
        (client,) = found["unexplained"]
        assert (client["application"], client["role"]) == ("canteen-kiosk-import", "hasivu_admin")
        assert find(sandbox, unexplained="resumable")["stop"] == "resumable"
        left = gone(sandbox, {}, seconds=3, roles=[])
        assert (left["failed"], left["stop"]) == (True, "resumable")
        assert "rows of public.rfid_events" in left["msg"]
    finally:
        assert sandbox.play("sandbox", "fault", "forgotten-writer", "--clear").returncode == 0


def test_a_transaction_that_has_written_and_is_open_counts(sandbox: Sandbox) -> None:
    with sandbox.database(autocommit=False) as connection:
        connection.execute("UPDATE schools SET active = active WHERE id = 1")
        left = gone(sandbox, {}, seconds=1, roles=[])
        assert "has written and not committed" in left["msg"]
        connection.rollback()


def test_a_pod_that_belongs_to_no_known_writer_stops_the_run(sandbox: Sandbox, world: World) -> None:
    container = {"name": "load", "image": "hasivu/import:1", "envFrom": [{"secretRef": {"name": "hasivu-database"}}]}
    pod = {"metadata": {"name": "import-by-hand"}, "spec": {"containers": [container]}}
    world.core.create_namespaced_pod("hasivu", pod)
    try:
        found = find(sandbox)
        assert (found["stop"], found["unexplained"]) == ("refused", [{"pod": "import-by-hand", "owner": "nobody"}])
    finally:
        world.core.delete_namespaced_pod("import-by-hand", "hasivu")


def test_a_cron_job_at_work_is_waited_for_and_really_writes(sandbox: Sandbox, world: World) -> None:
    menus = "SELECT count(*) FROM menus"
    before = sandbox.value(menus)
    with faulty(sandbox, "kubernetes", job_seconds=8), returned_at_last(sandbox) as captured:
        world.start_rollover("hasivu-menu-rollover-at-work")
        wait_for(lambda: sandbox.value(menus) > before)
        short = rest(sandbox, captured, stages=["cron_jobs"], seconds=0.1)
        assert (short["stop"], "still work" in short["msg"]) == ("resumable", True)
        done = rest(sandbox, captured, stages=["cron_jobs"])
        assert (done.get("failed", False), done["calls"]) == (False, [])
        assert [pod.status.phase for pod in world.pods_of_job("hasivu-menu-rollover-at-work")] == ["Succeeded"]
    world.batch.delete_namespaced_job("hasivu-menu-rollover-at-work", "hasivu", propagation_policy="Background")


def test_replicas_that_somebody_puts_back_are_noticed_and_named(sandbox: Sandbox, world: World) -> None:
    before = world.picture()
    with returned_at_last(sandbox) as captured:
        rest(sandbox, captured)
        world.set_replicas("hasivu-api", 2, "argocd-controller")
        left = gone(sandbox, captured, seconds=1)
        assert (left["failed"], left["stop"]) == (True, "resumable")
        assert "deployments/hasivu-api is 2 again, last changed by argocd-controller" in left["msg"]
        assert rest(sandbox, captured)["calls"] == ["patch deployments/hasivu-api spec.replicas=0"]
        assert gone(sandbox, captured)["gone"]
        kill_amid_return(sandbox, world, captured)
    assert world.picture() == before


def kill_amid_return(sandbox: Sandbox, world: World, captured: dict[str, Any]) -> None:
    """Kill a call that returns everything as soon as pods come back, and see that it had not done everything."""
    with calling(sandbox, "writers", **options(sandbox, captured, "returned")) as process:
        wait_for(lambda: world.replicas("hasivu-web") == 3)
        kill_tree(process.pid)
    assert world.schedule()["State"] == "DISABLED"


def test_conflicts_without_end_stop_the_run_and_a_change_by_others_is_told(sandbox: Sandbox, world: World) -> None:
    with returned_at_last(sandbox) as captured:
        with faulty(sandbox, "kubernetes", conflict=["deployments"]):
            done = rest(sandbox, captured, stages=["deployments"], seconds=1)
        assert (done["failed"], done["stop"]) == (True, "resumable")
        assert [world.replicas(name) for name in DEPLOYMENTS] == [2, 3]
        label = {"spec": {"minReadySeconds": 1}}
        world.apps.patch_namespaced_deployment("hasivu-api", "hasivu", label, field_manager="release-tool")
        try:
            told = rest(sandbox, captured, stages=["deployments"])["told"]
            assert told == ["The Deployment hasivu-api was changed since it was captured, last by release-tool."]
        finally:
            label["spec"]["minReadySeconds"] = 0
            world.apps.patch_namespaced_deployment("hasivu-api", "hasivu", label)


def test_an_autoscaler_bounds_what_is_returned_and_an_api_that_is_down_stops_the_run(
    sandbox: Sandbox, world: World
) -> None:
    def keep_to(least: int, most: int) -> None:
        body = {"spec": {"minReplicas": least, "maxReplicas": most}}
        world.autoscaling.patch_namespaced_horizontal_pod_autoscaler("hasivu-web", "hasivu", body)

    with returned_at_last(sandbox) as captured:
        rest(sandbox, captured, stages=["deployments"])
        with faulty(sandbox, "kubernetes", down=True):
            done = back(sandbox, captured, stages=["deployments"])
        assert (done["failed"], done["stop"]) == (True, "resumable")
        keep_to(1, 2)
        try:
            done = back(sandbox, captured, stages=["deployments"])
            assert world.replicas("hasivu-web") == 2
            assert "hasivu-web had 3 replicas and gets 2" in done["told"][0]
        finally:
            keep_to(3, 12)
    assert world.replicas("hasivu-web") == 3


def test_throttling_is_waited_for_and_a_limit_comes_back_as_it_was(sandbox: Sandbox, world: World) -> None:
    limited = {"FunctionName": FUNCTIONS[0]}
    aws(sandbox, "lambda").put_function_concurrency(**limited, ReservedConcurrentExecutions=8)
    try:
        with returned_at_last(sandbox) as captured:
            with faulty(sandbox, "aws", throttled={"lambda:PutFunctionConcurrency": 1}):
                done = rest(sandbox, captured, stages=["functions"])
            assert [world.reserved(name) for name in FUNCTIONS] == [0, 0], done
            for level, reserved in (("few", 5), ("quarter", 5), ("captured", 8)):
                back(sandbox, captured, stages=["functions"], level=level)
                assert world.reserved(FUNCTIONS[0]) == reserved
                assert back(sandbox, captured, stages=["functions"], level="few")["calls"] == []
        assert [world.reserved(name) for name in FUNCTIONS] == [8, None]
    finally:
        aws(sandbox, "lambda").delete_function_concurrency(**limited)


def test_pods_with_an_older_login_are_replaced_once_and_the_template_can_be_put_back(
    sandbox: Sandbox, world: World
) -> None:
    def names() -> set[str]:
        pods = world.core.list_namespaced_pod("hasivu", label_selector="app=hasivu-api").items
        return {pod.metadata.name for pod in pods if not pod.metadata.deletion_timestamp}

    before, spec, captured = names(), world.picture()["hasivu-api"], find(sandbox)["captured"]
    one = {**captured, "deployments": {"hasivu-api": captured["deployments"]["hasivu-api"]}}
    named = captured["deployments"]["hasivu-api"]["version"]
    changed = {"version": "a-version-of-the-test", "since": datetime.now(UTC).isoformat()}
    try:
        assert back(sandbox, one, stages=["deployments"], check=True, **changed)["calls"]
        assert names() == before
        done = back(sandbox, one, stages=["deployments"], **changed)
        assert done["calls"] == ["patch deployments/hasivu-api rollout for a-version-of-the-test"]
        assert len(names()) == 2
        assert names() & before == set()
        assert not back(sandbox, one, stages=["deployments"], **changed)["changed"]
        done = back(sandbox, one, stages=["deployments"])
        assert done["calls"] == [f"patch deployments/hasivu-api secret version {named or 'removed'}"]
        assert world.picture()["hasivu-api"] == spec
    finally:
        world.forget_version("hasivu-api")
    wait_for(lambda: world.replicas("hasivu-api") == world.available("hasivu-api"))


def test_users_are_told_when_to_come_back_and_webhooks_are_let_in(sandbox: Sandbox) -> None:
    door = sandbox.endpoints()["edge"]
    known = declared()["maintenance"]
    probe = {**known["probe"], "address": door["host"], "port": door["port"], "ca_bundle": door["ca_bundle"]}

    def switch(state: str, check: bool = False) -> dict[str, Any]:
        options = {name: known[name] for name in ("ingress", "retry_after_seconds", "exempt")}
        where = {name: value for name, value in defaults(sandbox).items() if name != "region"}
        return call(sandbox, "maintenance_response", check, **where, **options, probe=probe, state=state)

    assert get(sandbox, "/menus/1")[0] == 200
    assert switch("on", check=True)["changed"]
    assert get(sandbox, "/menus/1")[0] == 200
    try:
        assert switch("on")["seen"] == {"closed_path": 503, "open_path": 200}
        status, retry_after, body = get(sandbox, "/menus/1")
        assert (status, retry_after, json.loads(body)["error"]) == (503, "600", "maintenance")
        assert get(sandbox, "/webhooks/razorpay")[0] == 404
        assert not switch("on")["changed"]
    finally:
        assert switch("off")["changed"]
    assert get(sandbox, "/menus/1")[0] == 200
    assert not switch("off")["changed"]
