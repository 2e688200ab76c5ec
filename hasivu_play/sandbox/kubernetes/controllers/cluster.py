"""What every controller works with: objects, their owners, the time, faults and events."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from hasivu_play.sandbox.kubernetes.admission import random_suffix
from hasivu_play.sandbox.kubernetes.defaults import with_defaults
from hasivu_play.sandbox.kubernetes.faults import Faults
from hasivu_play.sandbox.kubernetes.ownership import Manager, now, record_update
from hasivu_play.sandbox.kubernetes.resources import BY_NAME, Object
from hasivu_play.sandbox.kubernetes.store import Store

KEPT_EVENTS = 200
CONTROLLER = "kube-controller-manager"


class Cluster:
    """The store, seen by controllers."""

    def __init__(self, store: Store, faults: Faults) -> None:
        """Work on a store."""
        self.store = store
        self.faults = faults

    def all(self, name: str, namespace: str = "") -> list[Object]:
        """Return the objects of a resource."""
        return self.store.all(BY_NAME[name], namespace)

    def get(self, name: str, namespace: str, object_name: str) -> Object | None:
        """Return one object."""
        return self.store.get(BY_NAME[name], namespace, object_name)

    def owned(self, name: str, owner: Object) -> list[Object]:
        """Return the objects of a resource that an object controls."""
        metadata = owner["metadata"]
        found = self.all(name, metadata.get("namespace", ""))
        return [content for content in found if controller_of(content).get("uid") == metadata["uid"]]

    def save(self, name: str, content: Object, subresource: str = "status") -> Object:
        """Keep an object if it differs from what is stored."""
        before = self.get(name, content["metadata"].get("namespace", ""), content["metadata"]["name"])
        if before == content:
            return content
        resource = BY_NAME[name]
        if before and name == "deployments":
            content = record_update(resource.model, before, content, Manager(CONTROLLER, "Update", subresource))
        return self.store.put(resource, content)

    def create(self, name: str, owner: Object, content: Object) -> Object:
        """Make an object that belongs to another."""
        resource = BY_NAME[name]
        metadata = content["metadata"]
        own = {
            "name": metadata.get("name") or metadata["generateName"] + random_suffix(),
            "namespace": owner["metadata"]["namespace"],
            "uid": str(uuid.uuid4()),
            "creationTimestamp": now(),
            "ownerReferences": [_reference(owner)],
            **({"generation": 1} if resource.generation else {}),
        }
        made = {"apiVersion": resource.api_version, "kind": resource.kind, **content, "metadata": {**metadata, **own}}
        return self.store.put(resource, with_defaults(resource, made))

    def remove(self, name: str, content: Object) -> None:
        """Forget an object."""
        self.store.remove(BY_NAME[name], content)

    def seconds(self, name: str, default: float) -> float:
        """Return a duration that a fault may stretch."""
        return float(self.faults.read().get(name, default))

    def event(self, about: Object, reason: str, message: str, kind: str = "Normal") -> None:
        """Tell what happened to an object, and forget the oldest event when there are many."""
        metadata, moment = about["metadata"], now()
        named = ("kind", "apiVersion")
        content = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{metadata['name']}.{uuid.uuid4().hex[:16]}",
                "namespace": metadata["namespace"],
                "uid": str(uuid.uuid4()),
                "creationTimestamp": moment,
            },
            "involvedObject": {
                **{key: about[key] for key in named},
                **{key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion") if key in metadata},
            },
            "reason": reason,
            "message": message,
            "type": kind,
            "source": {"component": CONTROLLER},
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "count": 1,
        }
        self.store.put(BY_NAME["events"], content)
        self._forget_events()

    def _forget_events(self) -> None:
        events = self.all("events")
        if len(events) > KEPT_EVENTS:
            self.remove("events", min(events, key=lambda content: int(content["metadata"]["resourceVersion"])))


def controller_of(content: Object) -> dict[str, Any]:
    """Return the reference to the owner that controls an object."""
    references = content["metadata"].get("ownerReferences", [])
    return next((reference for reference in references if reference.get("controller")), {})


def _reference(owner: Object) -> Object:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def is_leaving(content: Object) -> bool:
    """Tell whether an object is being deleted."""
    return "deletionTimestamp" in content["metadata"]


def is_ready(pod: Object) -> bool:
    """Tell whether a pod serves."""
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions) and not is_leaving(pod)


def without_zeros(status: Object) -> Object:
    """Return a status as Kubernetes shows it: what is zero is left out."""
    return {key: value for key, value in status.items() if value not in (0, None, [])}


def condition(before: Object, kind: str, status: bool, reason: str, message: str) -> Object:
    """Return a condition; its transition time changes only with its status."""
    old: Object = next((one for one in before.get("conditions", []) if one["type"] == kind), {})
    word = "True" if status else "False"
    moved = old["lastTransitionTime"] if old.get("status") == word else now()
    return {"type": kind, "status": word, "reason": reason, "message": message, "lastTransitionTime": moved}


def age(moment: str) -> timedelta:
    """Return how long ago a time of Kubernetes was."""
    return datetime.now(UTC) - datetime.fromisoformat(moment)
