# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What two rehearsals of the same world have in common, and what of another world they tell apart."""

from __future__ import annotations

import uuid
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.plan_changes import changes_of, not_predicted, reality
from ansible_collections.hasivu.ops.plugins.module_utils.plan_comparison import reality_differences

OLD = str(uuid.uuid4())
EARLIER = str(uuid.uuid5(uuid.NAMESPACE_DNS, "an earlier run"))


def rehearsal(minute: int, *changes: Any, **fields: Any) -> list[dict[str, Any]]:
    """Return the lines of a rehearsal that began at a minute of an hour and found changes."""
    run = f"20261126T18{minute:02}00Z-rotate-db-production-{minute:04x}"
    at, end = f"2026-11-26T18:{minute:02}:00.000Z", f"2026-11-26T18:{minute:02}:40.000Z"
    start = {"event": "run_started", "run": run, "origin": run, "window_started": at, "at": at}
    steps = [
        {"event": "step_finished", "step": number, "name": f"Step {number}", "host": "db", "changed": True, "at": at}
        | ({"diff": change(run, at)} if change else {})
        | fields
        for number, change in enumerate(changes, 1)
    ]
    return [start, *steps, {"event": "run_finished", "at": end}]


def rotation(run: str, at: str) -> dict[str, Any]:
    """Return a diff in which everything is named by the run, its start, or its secrets."""
    version = str(uuid.uuid5(uuid.NAMESPACE_DNS, run))
    digits = at.replace("-", "").replace("T", "").replace(":", "")[:12]
    return {
        "before": {"current": EARLIER, "kept": OLD},
        "after": {
            "current": version,
            "previous": EARLIER,
            "kept": OLD,
            "target": f"hasivu-r-{digits}",
            "tag": run,
            "made": at.replace(".000", ".250"),
            "password": f"secret:{uuid.uuid5(uuid.NAMESPACE_DNS, run).hex[:12]}",
        },
    }


def test_what_only_the_clock_and_the_run_move_is_no_change_of_the_world() -> None:
    first, second = changes_of(rehearsal(10, rotation)), changes_of(rehearsal(55, rotation))
    assert first == second
    assert reality(first) == reality(second)
    after = first[0]["change"]["after"]
    assert after["previous"] == EARLIER
    assert after["current"] == "<new 1>"
    assert (after["target"], after["tag"], after["made"]) == ("hasivu-r-<minute>", "<run>", "<now>")


def test_a_moment_of_another_time_counts() -> None:
    def restore(moment: str) -> Any:
        return lambda run, at: {"before": "", "after": f"restored to {moment}"}

    first = changes_of(rehearsal(10, restore("2026-11-26T06:11:03Z")))
    second = changes_of(rehearsal(10, restore("2026-11-26T06:11:04Z")))
    (difference,) = reality_differences(first, second)
    assert "- after: restored to 2026-11-26T06:11:03Z / + after: restored to 2026-11-26T06:11:04Z" in difference


def test_a_moment_that_was_asked_for_is_the_same_whenever_one_looks() -> None:
    def restore(run: str, at: str) -> dict[str, Any]:
        return {"before": "", "after": {"RestoreTime": "2026-11-26T18:10:05+00:00", "begun": at}}

    def found(minute: int) -> Any:
        start, *others = rehearsal(minute, restore)
        return changes_of([{**start, "inputs": {"restore_time": "2026-11-26T18:10:05Z"}}, *others])

    assert found(10) == found(30)
    assert found(10)[0]["change"]["after"] == {"RestoreTime": "2026-11-26T18:10:05+00:00", "begun": "<now>"}


def test_a_step_more_a_step_less_and_another_order_are_told() -> None:
    one = changes_of(rehearsal(10, rotation))
    two = changes_of(rehearsal(10, rotation, rotation))
    assert '"Step 2" would change something now' in reality_differences(one, two)[0]
    assert reality_differences(two, one) == ['"Step 2" would not change anything any more.']
    assert reality_differences(two, two[::-1]) == [
        "The steps that would change something come in another order than in the plan."
    ]
    assert reality_differences(two, two) == []


def test_what_a_module_calls_its_plan_counts_and_its_diff_does_not() -> None:
    def counted(run: str, at: str) -> dict[str, str]:
        return {"before": f"{run[11:13]} dead rows", "after": ""}

    first = changes_of(rehearsal(10, counted, planned={"orders": "vacuum"}))
    assert first == changes_of(rehearsal(11, counted, planned={"orders": "vacuum"}))
    assert first != changes_of(rehearsal(11, counted, planned={"orders": "freeze"}))


def test_a_time_that_is_days_after_the_start_and_an_id_that_an_earlier_step_makes_are_of_this_run_alone() -> None:
    def kept(run: str, at: str) -> dict[str, Any]:
        return {
            "before": "",
            "after": {"version": str(uuid.uuid5(uuid.NAMESPACE_DNS, run)), "delete": at.replace("26T", "29T")},
        }

    def taken(run: str, at: str) -> dict[str, Any]:
        return {"before": [EARLIER, str(uuid.uuid5(uuid.NAMESPACE_DNS, run))], "after": ""}

    first, second = changes_of(rehearsal(10, kept, taken)), changes_of(rehearsal(55, kept, taken))
    assert first == second
    assert first[0]["change"]["after"] == {"version": "<new 1>", "delete": "<3 days from now>"}
    assert first[1]["change"]["before"] == [EARLIER, "<new 1>"]


def test_of_a_loop_each_item_counts() -> None:
    def found(*replicas: int) -> list[dict[str, Any]]:
        start, step, end = rehearsal(10, None)
        items = [
            {"event": "step_item", "step": 1, "host": "db", "item": {"name": f"web-{number}"}, "diff": {"after": count}}
            for number, count in enumerate(replicas)
        ]
        return [start, *items, step, end]

    assert changes_of(found(2, 3))[0]["change"] == {
        '{"name": "web-0"}': {"after": 2},
        '{"name": "web-1"}': {"after": 3},
    }
    (difference,) = reality_differences(changes_of(found(2, 3)), changes_of(found(2, 4)))
    assert '- {"name": "web-1"}.after: 3 / + {"name": "web-1"}.after: 4' in difference
    assert not_predicted(found(2, 3)) == []


def test_what_a_rehearsal_cannot_know_is_told() -> None:
    events = rehearsal(10, None, not_predicted=["how long it takes."])
    skipped = {"event": "step_finished", "step": 2, "name": "Check", "host": "db", "outcome": "skipped"}
    events.insert(-1, {**skipped, "result": {"false_condition": "not ansible_check_mode"}})
    events.insert(-1, {**skipped, "name": "Not wanted", "result": {"false_condition": "inputs.wanted"}})
    assert not_predicted(events) == [
        "Check: left out of a rehearsal.",
        "Step 1: would change something, and does not say what.",
        "Step 1: how long it takes.",
    ]
