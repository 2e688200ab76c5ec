"""Listing and watching objects."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from hasivu_play.sandbox.kubernetes.failures import ApiError
from hasivu_play.sandbox.kubernetes.resources import Object, Resource
from hasivu_play.sandbox.kubernetes.route import TRUE, Route
from hasivu_play.sandbox.kubernetes.selectors import ObjectTest, query_test
from hasivu_play.sandbox.kubernetes.store import Change, Store, key_of

INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}
LONGEST_WATCH_SECONDS = 1800
Event = dict[str, Any]


def list_objects(store: Store, route: Route, query: Mapping[str, str]) -> Object:
    """Return a list object, or one page of it."""
    fits = query_test(route.resource.name, query)
    found = [content for content in store.all(route.resource, route.namespace) if fits(content)]
    page, metadata = _page(found, query)
    return {
        "kind": f"{route.resource.kind}List",
        "apiVersion": route.resource.api_version,
        "metadata": {"resourceVersion": str(store.version), **metadata},
        "items": [_bare(content) for content in page],
    }


def _bare(content: Object) -> Object:
    """Return an item as it stands in a list, where kind and version are the list's."""
    return {key: value for key, value in content.items() if key not in ("kind", "apiVersion")}


def _page(found: list[Object], query: Mapping[str, str]) -> tuple[list[Object], Object]:
    if token := query.get("continue"):
        start = _read_token(token)
        found = [content for content in found if key_of(content) > start]
    limit = number(query, "limit")
    if not limit or len(found) <= limit:
        return found, {}
    metadata: Object = {"continue": _token(key_of(found[limit - 1]))}
    if not query.get("labelSelector") and not query.get("fieldSelector"):
        metadata["remainingItemCount"] = len(found) - limit
    return found[:limit], metadata


def _token(key: tuple[str, str]) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read_token(token: str) -> tuple[str, str]:
    try:
        namespace, name = json.loads(urlsafe_b64decode(token))
    except ValueError as error:
        raise ApiError(400, "continue key is not valid: it was not made by this server") from error
    return namespace, name


def start_watch(store: Store, route: Route, query: Mapping[str, str]) -> AsyncGenerator[Event]:
    """Return the events of a watch: those since a version, or first everything that there is."""
    selectors = dict(query)
    if route.name:
        selectors["fieldSelector"] = f"metadata.name={route.name}"
    version = query.get("resourceVersion", "")
    if version and not version.isdigit():
        raise ApiError(400, f'invalid resource version "{version}"')
    number(query, "timeoutSeconds")
    return _events(store, route, query, query_test(route.resource.name, selectors))


async def _events(store: Store, route: Route, query: Mapping[str, str], fits: ObjectTest) -> AsyncGenerator[Event]:
    queue = store.subscribe()
    try:
        for event in _past_events(store, route, query, fits):
            yield event
            if event["type"] == "ERROR":
                return
        async with asyncio.timeout(number(query, "timeoutSeconds") or LONGEST_WATCH_SECONDS):
            while True:
                if seen := _seen(await queue.get(), route, fits):
                    yield seen
    except TimeoutError:
        return
    finally:
        store.unsubscribe(queue)


def _past_events(store: Store, route: Route, query: Mapping[str, str], fits: ObjectTest) -> list[Event]:
    version = query.get("resourceVersion", "")
    bookmarks = query.get("sendInitialEvents") in TRUE
    if bookmarks or version in ("", "0"):
        events = [_event("ADDED", content) for content in store.all(route.resource, route.namespace) if fits(content)]
        return [*events, *([_bookmark(store, route.resource, INITIAL_EVENTS_END)] if bookmarks else [])]
    if int(version) < store.oldest_version:
        expired = ApiError(410, f"too old resource version: {version} ({store.oldest_version})")
        return [{"type": "ERROR", "object": expired.status()}]
    changes = (change for change in store.history if change.version > int(version))
    return [event for change in changes if (event := _seen(change, route, fits))]


def number(query: Mapping[str, str], name: str) -> int:
    """Return a number of the query; without it, zero."""
    value = query.get(name) or "0"
    if not value.isdigit():
        raise ApiError(400, f'strconv.ParseInt: parsing "{value}": invalid syntax ({name})')
    return int(value)


def _seen(change: Change, route: Route, fits: ObjectTest) -> Event | None:
    """Return a change as a watch with this selector sees it: an object may come into it or leave it."""
    content, before = change.object, change.before
    if change.resource != route.resource.name:
        return None
    if route.namespace and content["metadata"].get("namespace") != route.namespace:
        return None
    was, is_now = before is not None and fits(before), change.kind != "DELETED" and fits(content)
    kind = {(False, True): "ADDED", (True, True): "MODIFIED", (True, False): "DELETED"}.get((was, is_now))
    return _event(kind, content) if kind else None


def _event(kind: str, content: Object) -> Event:
    return {"type": kind, "object": content}


def _bookmark(store: Store, resource: Resource, annotations: dict[str, str]) -> Event:
    metadata = {"resourceVersion": str(store.version), "annotations": annotations}
    return _event("BOOKMARK", {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata})
