# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which way a database comes back: each row of the table, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_strategy import (
    Replica,
    Snapshot,
    Window,
    Wish,
    World,
    choose,
)
from hypothesis import given
from hypothesis import strategies as some

NOW = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=35), NOW - timedelta(minutes=5))
OLD = Snapshot("monthly", NOW - timedelta(days=60))
NEW = Snapshot("six-hourly", NOW - timedelta(hours=4))


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def wish(**more: Any) -> Wish:
    plain: dict[str, Any] = {"strategy": "auto", "restore_time": None, "snapshot": "", "tables": ()}
    return Wish(**{**plain, "now": NOW, "target_seconds": 3600, "accepted_seconds": 0, **more})


@pytest.mark.parametrize(
    ("world", "asked", "strategy", "loss"),
    [
        (World("rebooting", multi_az=True, window=WINDOW), wish(), "failover", 0),
        (World("available", window=WINDOW), wish(restore_time=ago(minutes=20), tables=("orders",)), "selective", 0),
        (World("available", window=WINDOW), wish(restore_time=ago(minutes=20)), "pitr", 1200),
        (World("failed", multi_az=True, window=WINDOW), wish(), "pitr", 300),
        (World("", window=WINDOW, snapshots=(NEW,)), wish(), "pitr", 300),
        (World("", replicas=(Replica("far", 40), Replica("near", 2))), wish(), "replica-promote", 2),
        (World("", replicas=(Replica("near", 2),)), wish(restore_time=ago(minutes=20)), "", 0),
        (World("", elsewhere=WINDOW), wish(), "cross-region", 300),
        (World("", elsewhere=WINDOW, replicas=(Replica("stuck", 9000),)), wish(), "cross-region", 300),
        (
            World("available", window=WINDOW, snapshots=(OLD, NEW)),
            wish(snapshot="six-hourly", accepted_seconds=20000),
            "snapshot",
            14400,
        ),
    ],
)
def test_what_is_left_and_what_is_wanted_choose_the_way(world: World, asked: Wish, strategy: str, loss: float) -> None:
    choice = choose(world, asked)
    assert (choice.strategy, choice.loss_seconds) == (strategy, loss)
    assert bool(choice.objections) == (not strategy)
    assert choice.why or choice.objections


def test_a_healthy_instance_is_left_alone_unless_a_time_or_a_way_is_named() -> None:
    choice = choose(World("available", window=WINDOW), wish())
    assert not choice.strategy
    assert "restore_time" in choice.objections[0]


def test_before_the_window_a_snapshot_is_taken_and_its_loss_must_be_accepted() -> None:
    world = World("available", window=WINDOW, snapshots=(OLD, NEW))
    asked = wish(restore_time=ago(days=50))
    assert choose(world, asked).snapshot == "monthly"
    (objection,) = choose(world, asked).objections
    assert "accept_loss_s=5184060" in objection
    accepted = choose(world, wish(restore_time=ago(days=50), accepted_seconds=5_184_000))
    assert (accepted.strategy, accepted.objections) == ("snapshot", [])


@pytest.mark.parametrize("moment", [ago(minutes=1), ago(days=36)])
def test_a_moment_outside_of_the_log_is_refused_for_pitr(moment: datetime) -> None:
    choice = choose(World("available", window=WINDOW), wish(strategy="pitr", restore_time=moment))
    assert "cannot be restored" in choice.objections[0]


@pytest.mark.parametrize(
    ("world", "asked", "words"),
    [
        (World("available", window=WINDOW), wish(strategy="failover"), "no standby"),
        (World("", multi_az=True), wish(strategy="failover"), "no such instance"),
        (World("available", multi_az=True), wish(strategy="failover", restore_time=ago(hours=1)), "the damage too"),
        (World("available"), wish(strategy="replica-promote"), "no replica"),
        (
            World("available", replicas=(Replica("a", 1),)),
            wish(strategy="replica-promote", restore_time=ago(hours=1)),
            "the damage too",
        ),
        (
            World("failed", window=WINDOW),
            wish(strategy="selective", tables=("orders",), restore_time=ago(hours=1)),
            "into it",
        ),
        (World("available", window=WINDOW), wish(strategy="selective", restore_time=ago(hours=1)), "known tables"),
        (World("available", window=WINDOW, snapshots=(NEW,)), wish(snapshot="none-such"), "six-hourly"),
        (World("", snapshots=(NEW,)), wish(restore_time=ago(days=1)), "no available snapshot"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(world: World, asked: Wish, words: str) -> None:
    choice = choose(world, asked)
    assert words in " ".join(choice.objections)


@given(
    minutes=some.integers(0, 100_000),
    accepted=some.integers(0, 10_000_000),
    snapshots=some.lists(some.integers(0, 100_000), max_size=4),
)
def test_no_choice_loses_more_than_the_objective_or_what_was_accepted(
    minutes: int, accepted: int, snapshots: list[int]
) -> None:
    kept = tuple(Snapshot(f"s{n}", ago(minutes=n)) for n in snapshots)
    choice = choose(
        World("failed", window=WINDOW, snapshots=kept),
        wish(restore_time=ago(minutes=minutes), accepted_seconds=accepted),
    )
    if not choice.objections:
        assert choice.loss_seconds <= max(3600, accepted)
        assert not choice.snapshot or NOW - timedelta(seconds=choice.loss_seconds) <= ago(minutes=minutes)
