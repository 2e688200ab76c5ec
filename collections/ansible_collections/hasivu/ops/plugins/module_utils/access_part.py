# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The results of an access review as one part of a report, with a row that the owner of each account answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.access_finding import Finding, unread

# Each source by its name, with what it tells.
SOURCES = {
    "principals": "The principals of the AWS account",
    "changes": "The changes of permissions",
    "cluster": "The access to the cluster",
    "database": "The access to the database",
}
CHANGED = ("last", "name", "who", "whom", "region", "times", "first", "explained", "last_event")
ATTESTED = ("account", "owner", "used", "credentials", "rights", "findings", "decision", "decided_by", "decided_on")

Result = Mapping[str, Any]


def part(results: Mapping[str, Result]) -> dict[str, Any]:
    """Return the part of the report; a source that gave no result is a finding and hides nothing of the others."""
    missing = [not_read(name, results.get(name, {})) for name in SOURCES if not was_read(results.get(name, {}))]
    read = [results[name] for name in SOURCES if was_read(results.get(name, {}))]
    findings = [finding for result in read for finding in result["findings"]] + missing
    attestation = list(attested(results, findings))
    return {
        "findings": findings,
        "unknown": [sentence for result in read for sentence in result["unknown"]] + [one["what"] for one in missing],
        "notes": [note for result in read for note in result["notes"]] + told_by_report(results),
        "facts": facts(results, attestation),
        "sections": sections(results, attestation),
        "attestation": attestation,
    }


def was_read(result: Result) -> bool:
    """Tell whether a source gave a result."""
    return "findings" in result and not result.get("failed")


def not_read(name: str, result: Result) -> Finding:
    """Return the finding that a source gave no result."""
    return unread(SOURCES[name], name, result.get("msg") or "the step was not made", "See in the record why.")


def told_by_report(results: Mapping[str, Result]) -> list[str]:
    """Return what a reader must know of the age of what was read."""
    written = results.get("principals", {}).get("report_written")
    if not written:
        return []
    return [
        f"AWS wrote the credential report at {written} and keeps it for four hours; what changed since is not in it."
    ]


def attested(results: Mapping[str, Result], findings: list[Finding]) -> Iterator[dict[str, Any]]:
    """Return a row for each account, on which its owner marks keep, change or remove."""
    accounts = [*results.get("principals", {}).get("principals", []), *results.get("database", {}).get("roles", [])]
    accounts += [cluster_account(one) for one in results.get("cluster", {}).get("bindings", [])]
    for account in accounts:
        if account["account"].startswith("group/"):
            continue
        keys = [one["key"] for one in findings if concerns(one["where"], account)]
        yield {**{name: account.get(name, "") for name in ATTESTED}, "findings": ", ".join(dict.fromkeys(keys))}


def cluster_account(bound: Mapping[str, str]) -> dict[str, str]:
    """Return a binding as an account."""
    return {
        "account": f"kubernetes {bound['subject']}",
        "owner": bound.get("owner", ""),
        "rights": f"{bound['role']} in {bound['reach']}",
        "where": bound.get("where", ""),
    }


def concerns(where: str, account: Mapping[str, Any]) -> bool:
    """Tell whether a finding is about an account, by the name that it gives the place."""
    name = str(account.get("where") or account["account"].removeprefix("database "))
    name = name.replace("role/", "role ") if account["account"].startswith("database ") else name
    return where == name or where.startswith(f"{name} ")


def facts(results: Mapping[str, Result], attestation: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what a reader wants to know first."""
    counts = results.get("changes", {}).get("counts", {})
    return [
        {"name": "Accounts to attest", "value": len(attestation), "kind": "number"},
        {"name": "Changes of permissions explained", "value": counts.get("explained"), "kind": "number"},
        {"name": "Changes of permissions unexplained", "value": counts.get("unexplained"), "kind": "number"},
        {"name": "CIS AWS Foundations", "value": "v6.0.0", "kind": "text"},
    ]


def sections(results: Mapping[str, Result], attestation: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the tables of what was looked at."""
    changes = results.get("changes", {})
    return [
        {
            "title": "Attestation",
            "text": "The owner of each account marks keep, change or remove; another procedure carries it out.",
            "table": table("Accounts and the decision of their owner", ATTESTED, attestation),
        },
        {
            "title": "Changes of permissions",
            "text": f"Read whole: {', '.join(changes.get('looked_at', [])) or 'nothing'}.",
            "table": table("Changes of permissions, newest first", CHANGED, changes.get("changes", [])),
        },
        {
            "title": "Access to the cluster",
            "table": table(
                "Bindings that people made",
                ("subject", "role", "reach", "binding"),
                results.get("cluster", {}).get("bindings", []),
            ),
        },
    ]


def table(caption: str, names: tuple[str, ...], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a table whose columns are called as their values."""
    columns = [{"key": name, "label": name.replace("_", " ").capitalize()} for name in names]
    return {"caption": caption, "columns": columns, "rows": rows}
