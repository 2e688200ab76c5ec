"""The errors of RDS."""

from __future__ import annotations


class RdsError(Exception):
    """Raised when RDS refuses a request; carries the code and the status under which a client raises it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        """Keep code, message and status."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def not_found(code: str, message: str) -> RdsError:
    """Return the error for something that is not there."""
    return RdsError(code, message, 404)


def bad_value(message: str) -> RdsError:
    """Return the error for a parameter with a value that RDS does not take."""
    return RdsError("InvalidParameterValue", message)


def bad_combination(message: str) -> RdsError:
    """Return the error for parameters that exclude each other or miss one."""
    return RdsError("InvalidParameterCombination", message)


def wrong_state(message: str) -> RdsError:
    """Return the error for a change that an instance does not take in its state."""
    return RdsError("InvalidDBInstanceState", message)
