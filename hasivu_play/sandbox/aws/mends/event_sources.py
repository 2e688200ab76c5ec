"""Lambda: an event source mapping takes its time to be enabled or disabled, and is not changed meanwhile."""

from __future__ import annotations

import contextvars
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import lambda_svc

from hasivu_play.sandbox.aws.faults import Faults

ACCEPTED = 202
SECONDS = 0.4
LOOK_SECONDS = 0.05
GOING = {"Creating": "Enabled", "Enabling": "Enabled", "Disabling": "Disabled", "Updating": "Enabled"}
BUSY = "Cannot update the event source mapping because it is in use."

Handler = Callable[..., Any]
Mapping = dict[str, Any]


def apply(faults: Faults) -> None:
    """Replace the operations that change mappings."""
    lambda_svc._create_esm = created(lambda_svc._create_esm, faults)
    lambda_svc._update_esm = updated(lambda_svc._update_esm, faults)


def settle() -> None:
    """End the changes that a killed emulator left in progress; the threads that would have ended them are gone."""
    for mapping in lambda_svc._esms._data.values():
        finish(mapping)


def created(original: Handler, faults: Faults) -> Handler:
    """Return CreateEventSourceMapping, whose mapping is `Creating` before it works."""

    def create(sent: dict[str, Any]) -> Any:
        answer = original(sent)
        if answer[0] >= 300:
            return answer
        mapping = lambda_svc._esms[json.loads(answer[2])["UUID"]]
        return begin(mapping, "Creating" if mapping["State"] == "Enabled" else "Disabling", faults)

    return create


def updated(original: Handler, faults: Faults) -> Handler:
    """Return UpdateEventSourceMapping: refused during another change, and it goes on taking messages while it ends."""

    def update(identity: str, sent: dict[str, Any]) -> Any:
        mapping = lambda_svc._esms.get(identity)
        if mapping and mapping["State"] in GOING:
            return error_response_json("ResourceInUseException", BUSY, 400)
        before = dict(mapping or {})
        answer = original(identity, sent)
        if answer[0] >= 300 or mapping is None:
            return answer
        return begin(mapping, on_the_way(before["State"], mapping["State"]), faults)

    return update


def on_the_way(before: str, after: str) -> str:
    """Return the state between two, as the API Reference names it."""
    if before == after:
        return "Updating" if after == "Enabled" else "Disabled"
    return "Enabling" if after == "Enabled" else "Disabling"


def begin(mapping: Mapping, state: str, faults: Faults) -> Any:
    """Answer that a change is accepted, and end it later; messages are taken until a mapping is `Disabled`."""
    mapping.update(State=state, Enabled=state in ("Updating", "Disabling"))
    if state in GOING:
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(finish_in_time, mapping, faults), daemon=True).start()
    return json_response(lambda_svc._esm_response(mapping), ACCEPTED)


def finish_in_time(mapping: Mapping, faults: Faults) -> None:
    """End a change after the seconds that the faults say meanwhile."""
    begun = time.monotonic()
    while time.monotonic() - begun < float(faults.read().get("mapping_update_seconds", SECONDS)):
        time.sleep(LOOK_SECONDS)
    finish(mapping)
    lambda_svc._esm_wake.set()


def finish(mapping: Mapping) -> None:
    """End a change that is under way."""
    state = GOING.get(mapping["State"], mapping["State"])
    mapping.update(State=state, Enabled=state == "Enabled")
