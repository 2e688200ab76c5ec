# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with passwords, second factors and access keys: decisions on a credential report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.access_finding import Finding, found
from ansible_collections.hasivu.ops.plugins.module_utils.credential_report import ROOT, Credentials, Key

LEAST_LENGTH = 14
LEAST_REMEMBERED = 24


@dataclass(frozen=True)
class Limits:
    """From which age on a credential is a finding."""

    now: datetime
    unused_days: int
    key_days: int

    def days_since(self, moment: datetime | None) -> int:
        """Return how many whole days ago something was; what never was counts as today."""
        return 0 if moment is None else (self.now - moment) // timedelta(days=1)


def credential_findings(report: list[Credentials], limits: Limits) -> list[Finding]:
    """Return what is wrong with the credentials of every user and of the root user."""
    found_here: list[Finding] = []
    for user in report:
        found_here += root_findings(user) if user.user == ROOT else user_findings(user, limits)
    return found_here


def root_findings(root: Credentials) -> Iterator[Finding]:
    """Say what is wrong with the root user."""
    if not root.mfa:
        yield found("root-without-mfa", "The root user has no second factor.", "root")
    if root.active_keys:
        yield found("root-key", "The root user has an active access key.", "root")


def user_findings(user: Credentials, limits: Limits) -> Iterator[Finding]:
    """Say what is wrong with one user."""
    where = f"user/{user.user}"
    if user.password and not user.mfa:
        yield found("user-without-mfa", f"{user.user} may sign in to the console without a second factor.", where)
    if user.password:
        yield from password_findings(user, where, limits)
    if len(user.active_keys) > 1:
        yield found("two-active-keys", f"{user.user} has two active access keys.", where)
    for key in user.active_keys:
        yield from key_findings(user.user, key, limits)


def password_findings(user: Credentials, where: str, limits: Limits) -> Iterator[Finding]:
    """Say when a password was not used for too long."""
    days = limits.days_since(user.password_used or user.password_changed or user.made)
    if days >= limits.unused_days:
        since = "was not used" if user.password_used else "was never used"
        yield found("unused-credential", f"The password of {user.user} {since} for {days} days.", where)


def key_findings(user: str, key: Key, limits: Limits) -> Iterator[Finding]:
    """Say when an active key is old, or was not used for too long."""
    where = f"user/{user} access key {key.place}"
    age, unused = limits.days_since(key.made), limits.days_since(key.used or key.made)
    if unused >= limits.unused_days and key.used:
        yield found("unused-credential", f"Access key {key.place} of {user} was not used for {unused} days.", where)
    if unused >= limits.unused_days and not key.used:
        yield found("never-used-key", f"Access key {key.place} of {user}, {age} days old, was never used.", where)
    if age > limits.key_days:
        yield found("old-key", f"Access key {key.place} of {user} is {age} days old.", where)


def summary_findings(summary: dict[str, int], told: set[str]) -> Iterator[Finding]:
    """Say what the summary of the account tells of its root user, unless the report has told it."""
    if not summary.get("AccountMFAEnabled") and "root-without-mfa" not in told:
        yield found("root-without-mfa", "The root user has no second factor.", "root")
    if summary.get("AccountAccessKeysPresent") and "root-key" not in told:
        yield found("root-key", "The root user has an access key.", "root")


def password_policy_findings(policy: dict[str, Any]) -> Iterator[Finding]:
    """Say how the password policy of the account is weak; an empty one is none at all."""
    if not policy:
        yield found("weak-password-policy", "The account has no password policy.", "password policy")
        return
    weak = []
    if policy.get("MinimumPasswordLength", 0) < LEAST_LENGTH:
        weak.append(f"fewer than {LEAST_LENGTH} characters are taken")
    if policy.get("PasswordReusePrevention", 0) < LEAST_REMEMBERED:
        weak.append(f"fewer than {LEAST_REMEMBERED} old passwords are remembered")
    if weak:
        what = f"The password policy is weak: {', '.join(weak)}."
        yield found("weak-password-policy", what, "password policy")
