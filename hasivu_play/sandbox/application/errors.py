"""What the application answers instead of what was asked for."""

from __future__ import annotations


class RequestError(Exception):
    """Raised for a request that cannot be served as it is; the status says whose fault it is."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the HTTP status and the sentence."""
        super().__init__(message)
        self.status = status
