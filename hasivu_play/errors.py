"""What can go wrong, one class for each exit code that design and documentation promise."""

from __future__ import annotations


class PlayError(Exception):
    """Base of every error that ends a command: its text says what happened and what to do."""

    exit_code = 1


class FindingError(PlayError):
    """Raised when a command ran to its end and found something that needs a person."""

    exit_code = 1


class UsageError(PlayError):
    """Raised for input that cannot be right: an unknown name, a wrong type, a broken file."""

    exit_code = 2


class RefusedError(PlayError):
    """Raised when a guard refuses to start; nothing was changed."""

    exit_code = 3


class StoppedError(PlayError):
    """Raised when a run stopped part-way in a known, safe state and can be resumed."""

    exit_code = 4


class DecisionError(PlayError):
    """Raised when a run stopped part-way and a person must decide."""

    exit_code = 5


class LockedError(PlayError):
    """Raised when another run holds the lock of a resource."""

    exit_code = 6


class BudgetError(PlayError):
    """Raised when the time budget is spent."""

    exit_code = 7
