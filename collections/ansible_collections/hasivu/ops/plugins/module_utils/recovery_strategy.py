# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which way a database comes back, what that loses and how long it takes: a decision, and the reasons for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")
AVAILABLE = "available"
# States in which RDS itself has given an instance up, or in which nobody reaches its data (RDS User Guide, Viewing
# Amazon RDS DB instance status).
LOST = frozenset(
    {"failed", "incompatible-restore", "incompatible-network", "inaccessible-encryption-credentials", "storage-full"}
)
STRATEGIES = ("failover", "pitr", "snapshot", "replica-promote", "cross-region", "selective")
RESTORES = frozenset({"pitr", "snapshot", "cross-region", "selective"})


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that may be restored: its id and the time that it holds, aware and in UTC."""

    identifier: str
    taken: datetime


@dataclass(frozen=True)
class Window:
    """The times to which point-in-time recovery may go, both ends included, aware and in UTC."""

    earliest: datetime
    latest: datetime

    def holds(self, moment: datetime) -> bool:
        """Tell whether a time can be restored."""
        return self.earliest <= moment <= self.latest


@dataclass(frozen=True)
class Replica:
    """A read replica that could be promoted, and how far behind it is, in seconds."""

    identifier: str
    lag: float


@dataclass(frozen=True)
class World:
    """What there is to recover from.

    Attributes:
        status: Status of the instance as RDS tells it; empty when there is no such instance.
        multi_az: Whether a standby takes over.
        window: Point-in-time recovery here, of the instance or of backups that were retained.
        snapshots: Snapshots that are available.
        replicas: Read replicas that are available.
        elsewhere: Point-in-time recovery from backups that are replicated to the other Region.
    """

    status: str
    multi_az: bool = False
    window: Window | None = None
    snapshots: tuple[Snapshot, ...] = ()
    replicas: tuple[Replica, ...] = ()
    elsewhere: Window | None = None


@dataclass(frozen=True)
class Wish:
    """What the operator asked for.

    Attributes:
        strategy: One of STRATEGIES, or `auto`.
        restore_time: Last moment whose writes are wanted; nothing means all of them.
        snapshot: Snapshot that is to be used, or nothing.
        tables: Tables that alone are damaged; with them only their rows are brought back.
        now: The time of the decision.
        target_seconds: Recovery point objective.
        accepted_seconds: Loss that was approved.
    """

    strategy: str
    restore_time: datetime | None
    snapshot: str
    tables: tuple[str, ...]
    now: datetime
    target_seconds: int
    accepted_seconds: int


@dataclass
class Choice:
    """The way back.

    Attributes:
        strategy: One of STRATEGIES, or nothing when none is possible.
        restore_time: Moment that is restored; nothing when all is kept or the newest is taken.
        snapshot: Snapshot that is restored.
        taken: Moment that the snapshot holds.
        replica: Replica that is promoted.
        loss_seconds: Time whose writes are lost, at most.
        why: Sentences that explain it.
        objections: Sentences that forbid it, with what to do.
    """

    strategy: str = ""
    restore_time: datetime | None = None
    snapshot: str = ""
    taken: datetime | None = None
    replica: str = ""
    loss_seconds: float = 0.0
    why: list[str] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)


def choose(world: World, wish: Wish) -> Choice:
    """Return the way back, or the reasons why there is none."""
    choice = WAYS[wish.strategy](world, wish) if wish.strategy in WAYS else automatic(world, wish)
    if not choice.objections:
        choice.objections += objections_to_loss(choice, wish)
    return choice


def automatic(world: World, wish: Wish) -> Choice:
    """Choose by what is left and by what is wanted: the way that loses least."""
    if wish.snapshot:
        return by_snapshot(world, wish)
    if world.status == AVAILABLE and wish.restore_time is None:
        return refused(
            "The instance is available and no restore_time was given, so nothing is known to be lost.",
            "Give the last moment before the damage as restore_time, or name a strategy.",
        )
    if world.status == AVAILABLE and wish.tables and in_window(world.window, wish):
        return selective(world, wish)
    if wish.restore_time is None and world.status and world.status not in LOST and world.multi_az:
        return failover(world, wish)
    if in_window(world.window, wish):
        return pitr(world, wish)
    if wish.restore_time is None and world.replicas and not newer_copy(world):
        return promote(world, wish)
    if in_window(world.elsewhere, wish) and not world.window:
        return cross_region(world, wish)
    return by_snapshot(world, wish)


def newer_copy(world: World) -> bool:
    """Tell whether backups in the other Region hold more than the replica that is least behind."""
    return bool(world.elsewhere) and min(replica.lag for replica in world.replicas) > 300


def in_window(window: Window | None, wish: Wish) -> bool:
    """Tell whether point-in-time recovery reaches what is wanted."""
    return window is not None and (wish.restore_time is None or window.holds(wish.restore_time))


def failover(world: World, wish: Wish) -> Choice:
    """Let the standby take over: no restore, and next to no loss."""
    if not world.multi_az:
        return refused("The instance has no standby.", "Use pitr, which loses about five minutes.")
    if not world.status:
        return refused("There is no such instance any more.", "Use pitr from its retained backups.")
    if wish.restore_time is not None:
        return refused("The standby has the damage too.", "Use pitr for a moment in the past.")
    return Choice(
        "failover", why=[f"The instance is {world.status} and has a standby, which holds every committed write."]
    )


def pitr(world: World, wish: Wish) -> Choice:
    """Replay the log of the changes, to the moment that is wanted or to its end."""
    return replayed("pitr", world.window, wish)


def cross_region(world: World, wish: Wish) -> Choice:
    """Replay the log that is replicated to the other Region."""
    return replayed("cross-region", world.elsewhere, wish)


def selective(world: World, wish: Wish) -> Choice:
    """Restore beside production, and bring back the damaged rows alone."""
    if world.status != AVAILABLE:
        return refused(f"Production is {world.status or 'gone'}, so no rows can be brought back into it.", "Use pitr.")
    if not wish.tables or wish.restore_time is None:
        return refused(
            "Rows can only be brought back of known tables and from a known time.", "Give tables and restore_time."
        )
    choice = replayed("selective", world.window, wish)
    choice.loss_seconds = 0.0
    choice.why.append(f"Production stays as it is; only rows of {', '.join(wish.tables)} come back, after a review.")
    return choice


def replayed(strategy: str, window: Window | None, wish: Wish) -> Choice:
    """Return recovery to a moment of a window."""
    if window is None:
        return refused(f"There are no backups for {strategy}.", "Use a snapshot.")
    if not in_window(window, wish):
        assert wish.restore_time is not None
        return refused(
            f"{told(wish.restore_time)} cannot be restored: the log reaches from {told(window.earliest)} to "
            f"{told(window.latest)}.",
            "Ask for a time in between, a snapshot for an earlier one, or wait some minutes for a later one.",
        )
    point = wish.restore_time or window.latest
    sentence = f"The log of the changes reaches to {told(window.latest)}, and holds the moment {told(point)}."
    return Choice(strategy, wish.restore_time, loss_seconds=seconds_since(point, wish), why=[sentence])


def promote(world: World, wish: Wish) -> Choice:
    """Make the replica that is least behind a server of its own."""
    if not world.replicas:
        return refused("There is no replica to promote.", "Use pitr or a snapshot.")
    if wish.restore_time is not None:
        return refused("A replica has the damage too.", "Use pitr for a moment in the past.")
    best = min(world.replicas, key=lambda replica: replica.lag)
    sentence = f"Replica {best.identifier} is the least behind, by {best.lag:.0f} seconds."
    return Choice("replica-promote", replica=best.identifier, loss_seconds=best.lag, why=[sentence])


def by_snapshot(world: World, wish: Wish) -> Choice:
    """Restore the newest snapshot that is not later than what is wanted."""
    usable = [one for one in world.snapshots if wish.snapshot in ("", one.identifier)]
    fitting = [one for one in usable if wish.restore_time is None or one.taken <= wish.restore_time]
    if not fitting:
        late = f" of a time up to {told(wish.restore_time)}" if wish.restore_time else ""
        missing = f"There is no available snapshot{f' {wish.snapshot}' if wish.snapshot else ''}{late}."
        there = ", ".join(f"{one.identifier} of {told(one.taken)}" for one in world.snapshots) or "none"
        return refused(missing, f"Choose one of: {there}.")
    best = max(fitting, key=lambda one: one.taken)
    sentence = f"Snapshot {best.identifier} of {told(best.taken)} is the newest that fits, and holds nothing later."
    loss = seconds_since(best.taken, wish)
    return Choice("snapshot", snapshot=best.identifier, taken=best.taken, loss_seconds=loss, why=[sentence])


def objections_to_loss(choice: Choice, wish: Wish) -> list[str]:
    """Return why the loss is too large to go on without a word from those who answer for it."""
    if choice.loss_seconds <= max(wish.target_seconds, wish.accepted_seconds):
        return []
    what = (
        f"Writes of up to {choice.loss_seconds:.0f} seconds would be lost, and the objective is {wish.target_seconds}."
    )
    accepted = int(choice.loss_seconds) + 60
    return [f"{what} Give accept_loss_s={accepted} or more when that is approved, or choose a later moment."]


def refused(what: str, do: str) -> Choice:
    """Return that there is no such way, and what to do."""
    return Choice(objections=[f"{what} {do}"])


def seconds_since(moment: datetime, wish: Wish) -> float:
    """Return the seconds from a moment until the decision."""
    return max(0.0, (wish.now - moment).total_seconds())


def told(moment: datetime | None) -> str:
    """Return a time in UTC and in India."""
    if moment is None:
        return "now"
    utc, india = moment.astimezone(UTC), moment.astimezone(INDIA)
    return f"{utc:%Y-%m-%d %H:%M:%S} UTC ({india:%H:%M:%S} IST)"


WAYS: Mapping[str, Callable[[World, Wish], Choice]] = {
    "failover": failover,
    "pitr": pitr,
    "snapshot": by_snapshot,
    "replica-promote": promote,
    "cross-region": cross_region,
    "selective": selective,
}
