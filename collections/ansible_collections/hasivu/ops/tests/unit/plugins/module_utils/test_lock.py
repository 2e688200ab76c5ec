# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules of locks, against a store that tells of every write between reading and writing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import lock as locks
from ansible_collections.hasivu.ops.plugins.module_utils.lock import (
    ConflictError,
    Lock,
    LostError,
    StoreUnavailableError,
)
from ansible_collections.hasivu.ops.plugins.module_utils.lock_keeper import renewed
from ansible_collections.hasivu.ops.plugins.module_utils.lock_kubernetes import lease_of, lock_of

RESOURCE = "database/hasivu"


class MemoryStore:
    """A store of one lock with optimistic versions, and a hook that writes as another process would."""

    name = "memory"

    def __init__(self) -> None:
        self.lock: Lock | None = None
        self.version = 0
        self.before_write: Callable[[], None] | None = None
        self.reachable = True
        self.forgotten = 0

    def read(self, resource: str) -> tuple[Lock | None, Any]:
        if not self.reachable:
            raise StoreUnavailableError("no answer")
        return self.lock, self.version

    def write(self, resource: str, lock: Lock, version: Any) -> None:
        if self.before_write:
            hook, self.before_write = self.before_write, None
            hook()
        if version != self.version:
            raise ConflictError
        self.lock, self.version = lock, self.version + 1

    def forget(self) -> None:
        self.forgotten += 1


def a_lock(holder: str, age: float = 0, seconds: int = 60) -> Lock:
    time = locks.now() - timedelta(seconds=age)
    return Lock(holder, "weekly-db", "asha@ops", time, time, seconds)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_a_free_lock_is_taken(store: MemoryStore) -> None:
    assert locks.acquire(store, RESOURCE, a_lock("one"), "").state == "acquired"
    assert store.lock is not None
    assert store.lock.holder == "one"


def test_a_held_lock_is_not_taken_and_names_its_holder(store: MemoryStore) -> None:
    store.lock = a_lock("one")
    outcome = locks.acquire(store, RESOURCE, a_lock("two"), "")
    assert outcome.state == "held"
    assert outcome.lock == store.lock
    assert "run one (weekly-db, started by asha@ops at " in store.lock.described(RESOURCE)


def test_an_expired_lock_is_taken_and_the_transition_counted(store: MemoryStore) -> None:
    store.lock = a_lock("one", age=61)
    assert locks.acquire(store, RESOURCE, a_lock("two"), "").state == "acquired"
    assert store.lock.transitions == 1


def test_a_run_takes_over_from_the_dead_run_that_it_resumes(store: MemoryStore) -> None:
    store.lock = a_lock("dead")
    assert locks.acquire(store, RESOURCE, a_lock("successor"), "dead").state == "acquired"


def test_whoever_writes_second_reads_again_and_finds_the_lock_held(store: MemoryStore) -> None:
    def another() -> None:
        store.lock, store.version = a_lock("first"), store.version + 1

    store.before_write = another
    assert locks.acquire(store, RESOURCE, a_lock("second"), "").state == "held"


def test_looking_writes_nothing(store: MemoryStore) -> None:
    assert locks.look(store, RESOURCE, a_lock("one"), "").state == "free"
    assert store.version == 0


def test_renewing_puts_off_the_expiry(store: MemoryStore) -> None:
    store.lock = a_lock("one", age=50)
    expiry = store.lock.expires
    assert locks.renew(store, RESOURCE, "one")
    assert store.lock.expires > expiry


def test_a_lock_that_another_run_took_over_is_lost(store: MemoryStore) -> None:
    store.lock = a_lock("two")
    with pytest.raises(LostError, match="run two"):
        locks.renew(store, RESOURCE, "one")


def test_a_released_lock_is_free_at_once_and_not_renewed(store: MemoryStore) -> None:
    store.lock = a_lock("one")
    assert locks.release(store, RESOURCE, "one")
    assert not store.lock.is_held(locks.now())
    assert not locks.renew(store, RESOURCE, "one")


def test_nobody_releases_the_lock_of_another_run(store: MemoryStore) -> None:
    store.lock = a_lock("one")
    assert not locks.release(store, RESOURCE, "two")
    assert store.lock.holder == "one"


def test_a_lock_survives_json_and_a_lease() -> None:
    lock = replace(a_lock("one"), transitions=3)
    assert locks.from_json(locks.to_json(lock)) == lock
    lease = lease_of(RESOURCE, lock, None)
    lease["metadata"]["creationTimestamp"] = "2026-11-22T20:30:00Z"
    assert lock_of(lease) == lock


def test_the_keeper_connects_anew_only_after_a_store_did_not_answer(store: MemoryStore) -> None:
    store.lock = a_lock("run-1", age=30)
    assert renewed(store, RESOURCE, "run-1") is True
    assert store.forgotten == 0
    store.reachable = False
    assert renewed(store, RESOURCE, "run-1") is None
    assert store.forgotten == 1
