# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The findings of an access review: for each kind its severity, the control that it touches, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import ADVICE, deadline, finding
from ansible_collections.hasivu.ops.plugins.module_utils.report_values import IST

CIS = "CIS-AWS-6.0.0"

Finding = dict[str, str]


@dataclass(frozen=True)
class Kind:
    """What all findings of one kind have in common."""

    severity: str
    control: str
    why: str
    do: str


KINDS = {
    "unread": Kind(
        "high", "SOC2-CC6.1", "What was not looked at may hide anything.", "Mend the cause, then run the review again."
    ),
    "root-without-mfa": Kind(
        "critical", f"{CIS}-2.4", "Whoever learns one password owns the account.", "Give the root user a hardware key."
    ),
    "root-key": Kind(
        "critical", "ISO27001-A.8.2", "A key of the root user cannot be limited by any policy.", "Delete the key."
    ),
    "user-without-mfa": Kind(
        "high", f"{CIS}-2.9", "A stolen password is enough to sign in.", "Give the user a second factor."
    ),
    "unused-credential": Kind(
        "medium", f"{CIS}-2.11", "Nobody misses it, so nobody notices its theft.", "Deactivate it, then delete it."
    ),
    "never-used-key": Kind(
        "medium", f"{CIS}-2.11", "A key that nobody uses can only be abused.", "Deactivate it, then delete it."
    ),
    "two-active-keys": Kind(
        "medium", f"{CIS}-2.12", "A second key is for the days of a rotation.", "Deactivate the older key."
    ),
    "old-key": Kind(
        "medium",
        f"{CIS}-2.13",
        "The longer a key lives, the more copies of it exist.",
        "Make a new key, then delete it.",
    ),
    "weak-password-policy": Kind(
        "medium", "SOC2-CC6.1", "Passwords may be guessed.", "Set the password policy of the account."
    ),
    "direct-policy": Kind(
        "medium", f"{CIS}-2.14", "Rights given one by one are never taken back.", "Move the policies to a group."
    ),
    "wildcard-policy": Kind(
        "high", f"{CIS}-2.15", "Its holder may do anything, also to the evidence.", "Allow the actions that are used."
    ),
    "not-action-policy": Kind(
        "high",
        "PCI-7.2.5.1",
        "What is not named is allowed, also what AWS adds later.",
        "Name what is allowed instead.",
    ),
    "wide-policy": Kind(
        "high", "PCI-7.2.5.1", "It covers every resource of the service.", "Name the actions and the resources."
    ),
    "escalation-policy": Kind(
        "high", "ISO27001-A.8.2", "Its holder may give itself any right.", "Name the principals that it may change."
    ),
    "pass-role-policy": Kind(
        "high",
        "ISO27001-A.8.2",
        "Its holder may run code as any role of the account.",
        "Name the roles, and ask for iam:PassedToService.",
    ),
    "wildcard-trust": Kind(
        "critical", "SOC2-CC6.1", "Any AWS account of the world may take the role.", "Name who may take it."
    ),
    "foreign-trust": Kind(
        "high", "ISO27001-A.5.18", "Another account decides who may take the role.", "Remove it, or accept the account."
    ),
    "open-federation": Kind(
        "high", "SOC2-CC6.1", "Any identity of the provider may take the role.", "Ask for the subject in a condition."
    ),
    "unknown-principal": Kind(
        "medium", "PCI-7.2.4", "Nobody answers for it.", "Name its owner in access_owners, or delete it."
    ),
    "no-access-analyzer": Kind(
        "medium", f"{CIS}-2.19", "Nobody is told of a share with the world.", "Make an analyzer of external access."
    ),
    "external-access": Kind(
        "high",
        f"{CIS}-2.19",
        "Somebody outside of the account may reach it.",
        "Remove the share, or archive the finding.",
    ),
    "unused-privileges": Kind(
        "advice", "PCI-7.2.5.1", "A right that is not used is only of use to others.", "Take away what is not used."
    ),
    "no-trail": Kind(
        "high",
        f"{CIS}-4.1",
        "What is done in another region leaves no trace.",
        "Make a trail of all regions; start it.",
    ),
    "trail-without-validation": Kind(
        "medium", f"{CIS}-4.2", "A log that was altered looks like one that was not.", "Enable log file validation."
    ),
    "unexplained-permission-change": Kind(
        "high",
        "PCI-10.2.1.5",
        "No ticket and no run of ours explains it.",
        "Ask who did it; undo it, or add its ticket to access_approved_changes.",
    ),
    "unexplained-administrator": Kind(
        "critical",
        "PCI-10.2.1.5",
        "No ticket and no run of ours explains it, and it gives all rights or opens a role.",
        "Ask who did it and undo it now; if it was right, add its ticket to access_approved_changes.",
    ),
    "root-used": Kind(
        "high", "ISO27001-A.8.2", "The root user is for emergencies.", "Ask who signed in, and add the ticket."
    ),
    "refused-permission-change": Kind(
        "advice", "PCI-10.2.1.5", "Somebody tried what it may not do.", "Ask who it was."
    ),
    "database-superuser": Kind(
        "critical",
        "ISO27001-A.8.2",
        "No right of the database binds a superuser.",
        "Take SUPERUSER away, or drop the role.",
    ),
    "database-role-too-strong": Kind(
        "high",
        "PCI-7.2.5.1",
        "It may do more than its task needs.",
        "Take it away, or declare it in access_database_roles.",
    ),
    "database-role-unknown": Kind(
        "medium", "PCI-7.2.4", "Nobody answers for it.", "Drop the role, or declare it in access_database_roles."
    ),
    "database-membership": Kind(
        "high",
        "PCI-7.2.5.1",
        "It has the rights of the other role.",
        "Revoke it, or declare it in access_database_roles.",
    ),
    "database-login-without-end": Kind(
        "medium", "PCI-8.2.6", "A login of a person that never ends outlives the person's task.", "Set VALID UNTIL."
    ),
    "public-grant": Kind(
        "high", "SOC2-CC6.1", "Every role of the server has the right, also the next one.", "Revoke it from PUBLIC."
    ),
    "database-owner": Kind(
        "medium", "ISO27001-A.5.18", "An owner may do anything with its object.", "Give the object to its right owner."
    ),
    "cluster-admin-binding": Kind(
        "high", "ISO27001-A.8.2", "It may do anything in the cluster.", "Bind a role with named verbs instead."
    ),
    "wildcard-role": Kind(
        "high", "PCI-7.2.5.1", "Every verb on every resource is everything.", "Name the verbs and the resources."
    ),
    "escalating-role": Kind(
        "high", "ISO27001-A.8.2", "Its holder may give itself any right.", "Take escalate, bind and impersonate away."
    ),
    "secrets-reader": Kind(
        "high", "SOC2-CC6.1", "It reads every password of its reach.", "Name the secrets, or take the right away."
    ),
    "anonymous-binding": Kind(
        "critical", "SOC2-CC6.1", "Whoever reaches the cluster has the right.", "Delete the binding."
    ),
}


def found(key: str, what: str, where: str, do: str = "") -> Finding:
    """Return a finding of a kind, due by the severity of the kind, counted from today in India.

    Args:
        key: A key of KINDS.
        what: What was found, as a sentence.
        where: The object, named the same in every review so that an exception can name it.
        do: What to do, where more can be said than of the kind in general.
    """
    kind = KINDS[key]
    more = {"key": key, "control": kind.control}
    if kind.severity != ADVICE:
        more["deadline"] = deadline(kind.severity, today()) or ""
    return finding(what, where, kind.why, do or kind.do, kind.severity, **more)


def unread(what: str, where: str, error: object, do: str) -> Finding:
    """Return the finding that something could not be looked at, and how to mend that."""
    reason = " ".join(str(error).split()).rstrip(".")
    return found("unread", f"{what} could not be read: {reason}.", where, f"{do} Then run the review again.")


def today() -> date:
    """Return the date in India."""
    return datetime.now(IST).date()


def both_times(moment: datetime) -> str:
    """Return a moment in UTC and in India."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC ({moment.astimezone(IST):%Y-%m-%d %H:%M:%S} IST)"
