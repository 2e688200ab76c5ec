# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The principals of an account as rows that an owner can answer for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ansible_collections.hasivu.ops.plugins.module_utils.credential_report import ROOT, Credentials
from ansible_collections.hasivu.ops.plugins.module_utils.principal_details import Account, Principal

Row = dict[str, str]


def principal_rows(account: Account, report: list[Credentials], owners: Mapping[str, str]) -> list[Row]:
    """Return a row for each principal; a user whom only the credential report knows has one too."""
    by_name = {user.user: user for user in report}
    known = {one.name for one in account.principals if one.kind == "user"}
    rows = [row(one, by_name.get(one.name) if one.kind == "user" else None, owners) for one in account.principals]
    alone = [Principal("user", user.user, user.arn, "/", user.made) for user in report if user.user not in known]
    return rows + [row(one, by_name[one.name], owners) for one in alone]


def row(one: Principal, user: Credentials | None, owners: Mapping[str, str]) -> Row:
    """Return the row of one principal."""
    own = "AWS" if one.belongs_to_aws else ""
    return {
        "account": "root" if one.name == ROOT else one.where,
        "owner": str(owners.get("root" if one.name == ROOT else one.name, own)),
        "made": text(one.made),
        "used": text(user.used if user else one.used),
        "rights": rights(one),
        "credentials": credentials(user) if user else "",
    }


def rights(one: Principal) -> str:
    """Return the groups and policies of a principal."""
    groups = [f"group {name}" for name in one.groups]
    inline = [f"{policy.name} (inline)" for policy in one.inline]
    return ", ".join([*groups, *inline, *(name for name, _ in one.attached)])


def credentials(user: Credentials) -> str:
    """Return what a user can prove itself with."""
    factors = ["password"] if user.password else []
    factors += ["second factor"] if user.mfa else []
    return ", ".join([*factors, *(f"active key {key.place}" for key in user.active_keys)])


def text(moment: datetime | None) -> str:
    """Return a moment as RFC 3339 writes it, or nothing."""
    return moment.isoformat().replace("+00:00", "Z") if moment else ""
