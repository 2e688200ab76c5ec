"""All objects of the cluster, their resourceVersions, and who wants to hear of changes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hasivu_play.sandbox.kubernetes.journal import Journal
from hasivu_play.sandbox.kubernetes.resources import BY_NAME, Object, Resource

HISTORY_LENGTH = 5000


@dataclass(frozen=True)
class Change:
    """One change of one object, as watchers see it."""

    kind: str
    resource: str
    object: Object
    before: Object | None
    version: int


class Store:
    """Keeps objects by resource, namespace and name; a stored object is replaced and never altered."""

    def __init__(self, journal: Journal) -> None:
        """Load what the journal holds."""
        self._journal = journal
        self._objects: dict[str, dict[tuple[str, str], Object]] = {name: {} for name in BY_NAME}
        self._watchers: set[asyncio.Queue[Change]] = set()
        self.history: deque[Change] = deque(maxlen=HISTORY_LENGTH)
        self.version = 1
        self._load()
        self.oldest_version = self.version
        self._journal.rewrite(self._entries())

    def get(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """Return an object, or nothing."""
        return self._objects[resource.name].get((namespace, name))

    def all(self, resource: Resource, namespace: str = "") -> list[Object]:
        """Return the objects of a namespace, or of all, in the order of their names."""
        objects = self._objects[resource.name]
        return [objects[key] for key in sorted(objects) if not namespace or key[0] == namespace]

    def put(self, resource: Resource, content: Object) -> Object:
        """Keep an object under a new resourceVersion."""
        key = key_of(content)
        before = self._objects[resource.name].get(key)
        kept = {**content, "metadata": {**content["metadata"], "resourceVersion": str(self.version + 1)}}
        self._objects[resource.name][key] = kept
        self._announce("MODIFIED" if before else "ADDED", resource, kept, before)
        return kept

    def remove(self, resource: Resource, content: Object) -> Object:
        """Forget an object; watchers see it a last time under a new resourceVersion."""
        before = self._objects[resource.name].pop(key_of(content))
        last = {**before, "metadata": {**before["metadata"], "resourceVersion": str(self.version + 1)}}
        self._announce("DELETED", resource, last, before)
        return last

    def subscribe(self) -> asyncio.Queue[Change]:
        """Return a queue that receives each change from now on."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self._watchers.add(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[Change]) -> None:
        """Stop filling a queue."""
        self._watchers.discard(queue)

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _announce(self, kind: str, resource: Resource, content: Object, before: Object | None) -> None:
        self.version += 1
        self._journal.append({"version": self.version, "kind": kind, "resource": resource.name, "object": content})
        if self._journal.is_long():
            self._journal.rewrite(self._entries())
        change = Change(kind, resource.name, content, before, self.version)
        if len(self.history) == HISTORY_LENGTH:
            self.oldest_version = self.history[0].version
        self.history.append(change)
        for queue in self._watchers:
            queue.put_nowait(change)

    def _load(self) -> None:
        for entry in self._journal.read():
            self.version = max(self.version, entry["version"])
            if entry["kind"] == "VERSION":
                continue
            objects = self._objects[entry["resource"]]
            if entry["kind"] == "DELETED":
                objects.pop(key_of(entry["object"]), None)
            else:
                objects[key_of(entry["object"])] = entry["object"]

    def _entries(self) -> Iterator[dict[str, Any]]:
        yield {"version": self.version, "kind": "VERSION"}
        for name, objects in self._objects.items():
            for content in objects.values():
                yield {"version": self.version, "kind": "ADDED", "resource": name, "object": content}


def key_of(content: Object) -> tuple[str, str]:
    """Return the namespace and name under which an object is kept."""
    return content["metadata"].get("namespace", ""), content["metadata"]["name"]
