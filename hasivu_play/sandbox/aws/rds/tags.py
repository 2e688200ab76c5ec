"""Tags of instances and snapshots; those of everything else are ministack's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import rds as emulated

from hasivu_play.sandbox.aws.rds import wire
from hasivu_play.sandbox.aws.rds.account import Account
from hasivu_play.sandbox.aws.rds.errors import RdsError
from hasivu_play.sandbox.aws.rds.store import Store

Fields = dict[str, Any]
Change = Callable[[list[Fields], Fields], list[Fields]]


def add(tags: list[Fields], asked: Fields) -> list[Fields]:
    """Return the tags after AddTagsToResource: a new value replaces the old one of its key."""
    new = {tag["Key"]: tag for tag in asked["Tags"]}
    return [*(tag for tag in tags if tag["Key"] not in new), *new.values()]


def remove(tags: list[Fields], asked: Fields) -> list[Fields]:
    """Return the tags after RemoveTagsFromResource."""
    return [tag for tag in tags if tag["Key"] not in asked["TagKeys"]]


def keep(tags: list[Fields], asked: Fields) -> list[Fields]:
    """Return the tags after ListTagsForResource."""
    return tags


OPERATIONS: dict[str, tuple[Change, tuple[str, ...]]] = {
    "AddTagsToResource": (add, ("ResourceName", "Tags")),
    "RemoveTagsFromResource": (remove, ("ResourceName", "TagKeys")),
    "ListTagsForResource": (keep, ("ResourceName", "Filters")),
}


def apply(store: Store, account: Account) -> None:
    """Answer for instances and snapshots, and leave other resources to ministack."""
    for name, (change, known) in OPERATIONS.items():
        emulated._ACTION_MAP[name] = handler(store, account, name, change, known, emulated._ACTION_MAP[name])


def handler(
    store: Store, account: Account, name: str, change: Change, known: tuple[str, ...], original: Callable[..., Any]
) -> Callable[[Fields], Any]:
    """Return the handler of an operation on tags."""

    def handle(form: Fields) -> Any:
        sent = {key: value for key, value in form.items() if key not in ("Action", "Version")}
        try:
            asked = wire.read(name, sent, known)
            with store.lock:
                tags = account.tagged(asked.get("ResourceName", ""))
                if tags is None:
                    return original(form)
                tags[:] = change(tags, asked)
                store.save()
                return wire.response(name, {"TagList": tags})
        except RdsError as refused:
            return emulated._error(refused.code, escape(refused.message), refused.status)

    return handle
