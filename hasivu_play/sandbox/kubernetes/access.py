"""Who may speak to the API server: one bearer token, in a kubeconfig that only its owner can read."""

from __future__ import annotations

import hmac
import json
import secrets
from pathlib import Path

from hasivu_play.sandbox.kubernetes.failures import ApiError
from hasivu_play.sandbox.kubernetes.resources import Object
from hasivu_play.sandbox.layout import Layout, write_private

CONTEXT = "sandbox"
USER = "sandbox-operator"
GROUPS = ["system:masters", "system:authenticated"]


def keep_kubeconfig(layout: Layout, port: int) -> str:
    """Write the kubeconfig for this port, and return its token, which stays the same from start to start."""
    path = layout.credential("kubeconfig")
    token = _known_token(path) or secrets.token_urlsafe(32)
    write_private(path, json.dumps(_kubeconfig(f"http://127.0.0.1:{port}", token), indent=2) + "\n")
    return token


def _known_token(path: Path) -> str:
    if not path.exists():
        return ""
    token: str = json.loads(path.read_text(encoding="utf-8"))["users"][0]["user"]["token"]
    return token


def _kubeconfig(url: str, token: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": {"server": url}}],
        "users": [{"name": USER, "user": {"token": token}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": USER, "namespace": "hasivu"}}],
    }


def authenticate(header: str, token: str) -> None:
    """Refuse a request without the right bearer token."""
    if not hmac.compare_digest(header.encode(), f"Bearer {token}".encode()):
        raise ApiError(401, "Unauthorized")


def review(body: Object) -> Object:
    """Answer a review of the caller's own identity or rights: the one user may do everything."""
    if body.get("kind") == "SelfSubjectReview":
        return {**body, "status": {"userInfo": {"username": USER, "groups": GROUPS}}}
    return {**body, "status": {"allowed": True, "reason": "the sandbox allows its only user everything"}}
