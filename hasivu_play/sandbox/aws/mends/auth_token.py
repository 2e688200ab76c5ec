"""ElastiCache AUTH tokens: ModifyReplicationGroup changes, after a while, who is let into the sandbox's real Valkey."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

import redis
from ministack.core.responses import request_scope
from ministack.services import elasticache

from hasivu_play.sandbox.aws import state
from hasivu_play.sandbox.aws.cache_server import CacheServer
from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION
from hasivu_play.sandbox.aws.rds.moments import timestamp
from hasivu_play.sandbox.valkey import hash_of

Handler = Callable[[dict[str, Any]], Any]
Group = dict[str, Any]

TAKES_SECONDS = 0.5
LOOK_SECONDS = 0.1
PARAMETERS = frozenset(
    {"Action", "Version", "ReplicationGroupId", "ApplyImmediately", "AuthToken", "AuthTokenUpdateStrategy"}
)
STRATEGIES = ("ROTATE", "SET", "DELETE")
TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}")
TOKENS = "_token_hashes"  # oldest first; two while a rotation is under way
PENDING = "_pending_token"
VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"


class AuthTokens:
    """The tokens of the replication groups."""

    def __init__(self, server: CacheServer) -> None:
        """Stand before one server."""
        self._server = server

    def apply(self) -> None:
        """Replace the operation, and let groups show what is under way."""
        elasticache._modify_replication_group = modify
        elasticache._rg_xml = with_token_facts(elasticache._rg_xml)

    async def keep_applying(self) -> None:
        """Bring every change that is due to the server, for as long as the emulator lives."""
        while True:
            await asyncio.to_thread(self.apply_due)
            await asyncio.sleep(LOOK_SECONDS)

    def apply_due(self) -> None:
        """Bring the changes that are due to the server; while it is down, the groups stay in `modifying`."""
        with request_scope(ACCOUNT, REGION):
            for group in list(elasticache._replication_groups.values()):
                pending = group.get(PENDING)
                if pending and time.time() >= pending["due"]:
                    self._finish(group, pending)

    def _finish(self, group: Group, pending: dict[str, Any]) -> None:
        tokens = tokens_after(group[TOKENS], pending["token"], pending["strategy"])
        try:
            self._server.accept(tokens)
        except redis.RedisError:
            return
        self._server.publish(pending["token"])
        group.update({TOKENS: tokens, "AuthTokenLastModifiedDate": timestamp(), "Status": "available"})
        del group[PENDING]
        state.keep("elasticache")


def tokens_after(tokens: list[str], token: str, strategy: str) -> list[str]:
    """Return the hashes of the tokens that are accepted after a change: the two newest, or the one that was set."""
    new = hash_of(token)
    return [new] if strategy == "SET" else [*[known for known in tokens if known != new][-1:], new]


def modify(parameters: dict[str, Any]) -> Any:
    """Begin to change the token of a group."""
    given = {name: elasticache._p(parameters, name) for name in parameters}
    group = elasticache._replication_groups.get(given.get("ReplicationGroupId", ""))
    if group is None:
        name = given.get("ReplicationGroupId", "")
        return elasticache._error("ReplicationGroupNotFoundFault", f"ReplicationGroup {name} not found.", 404)
    if given.keys() - PARAMETERS or given.get("ApplyImmediately") != "true" or not given.get("AuthToken"):
        message = "The sandbox's AWS emulator changes AUTH tokens, at once, and nothing else of a replication group."
        return elasticache._error("NotImplemented", message, 501)
    strategy = given.get("AuthTokenUpdateStrategy") or "ROTATE"
    if refused := refusal(group, given["AuthToken"], strategy):
        code, message = refused
        return elasticache._error(code, escape(message), 400)
    group[PENDING] = {"token": given["AuthToken"], "strategy": strategy, "due": time.time() + TAKES_SECONDS}
    group["Status"] = "modifying"
    shown = f"<ReplicationGroup>{elasticache._rg_xml(group)}</ReplicationGroup>"
    document = f"<ModifyReplicationGroupResult>{shown}</ModifyReplicationGroupResult>"
    return elasticache._xml(200, "ModifyReplicationGroupResponse", document)


def refusal(group: Group, token: str, strategy: str) -> tuple[str, str] | None:
    """Return code and message of the error for a change that AWS does not accept."""
    if group["Status"] != "available":
        message = f"Replication group {group['ReplicationGroupId']} has status {group['Status']}, expected available."
        return "InvalidReplicationGroupState", message
    if strategy not in STRATEGIES:
        return VALUE, f"Invalid AuthTokenUpdateStrategy. Valid values are: {', '.join(STRATEGIES)}."
    if strategy == "DELETE":
        return COMBINATION, "The strategy DELETE is only allowed when transitioning to RBAC."
    if not TOKEN.fullmatch(token):
        return VALUE, "Invalid AuthToken provided. It has 16 to 128 characters: letters, digits and ! & # $ ^ < > -"
    if strategy == "SET" and hash_of(token) != group[TOKENS][-1]:
        return VALUE, "The strategy SET is only allowed after ROTATE, with the token that was rotated last."
    return None


def with_token_facts(original: Callable[[Group], str]) -> Callable[[Group], str]:
    """Return a renderer of groups that shows when the token changed and whether it is changing."""

    def render(group: Group) -> str:
        document = original(group)
        if changed := group.get("AuthTokenLastModifiedDate"):
            document += f"<AuthTokenLastModifiedDate>{changed}</AuthTokenLastModifiedDate>"
        if pending := group.get(PENDING):
            status = "SETTING" if pending["strategy"] == "SET" else "ROTATING"
            document += f"<PendingModifiedValues><AuthTokenStatus>{status}</AuthTokenStatus></PendingModifiedValues>"
        return document

    return render
