"""The Kubernetes of the sandbox: an API server with controllers that converge, on one HTTP port."""

from __future__ import annotations

from hasivu_play.sandbox.kubernetes.seeding import seed

__all__ = ["seed"]
