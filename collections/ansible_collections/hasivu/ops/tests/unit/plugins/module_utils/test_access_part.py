# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may do too much in the cluster and in the database, and the parts of the review put together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.access_finding import KINDS, found
from ansible_collections.hasivu.ops.plugins.module_utils.access_part import part
from ansible_collections.hasivu.ops.plugins.module_utils.db_roles import Declared, grant_findings, role_findings
from ansible_collections.hasivu.ops.plugins.module_utils.rbac import bindings_of, rbac_findings
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import SEVERITIES

USER = {"kind": "User", "name": "asha"}
LABEL = {"kubernetes.io/bootstrapping": "rbac-defaults"}


def role(name: str, namespace: str = "", **rule: Any) -> dict[str, Any]:
    home = {"namespace": namespace} if namespace else {}
    return {"metadata": {"name": name, **home}, "rules": [{"apiGroups": [""], **rule}]}


def bound(
    role: str, namespace: str = "", subject: Any = USER, kind: str = "ClusterRole", **labels: str
) -> dict[str, Any]:
    home = {"namespace": namespace} if namespace else {}
    metadata = {"name": "binding", **home, "labels": labels}
    return {"metadata": metadata, "roleRef": {"kind": kind, "name": role}, "subjects": [subject]}


def cluster_keys(binding: dict[str, Any], *roles: dict[str, Any], accepted: Any = ()) -> list[str]:
    return [one["key"] for one in rbac_findings(bindings_of([binding]), list(roles), accepted)]


SECRETS = {"resources": ["secrets"], "verbs": ["get"]}


@pytest.mark.parametrize(
    ("binding", "role", "expected"),
    [
        (bound("cluster-admin"), role("cluster-admin"), ["cluster-admin-binding"]),
        (bound("cluster-admin", "shop"), role("cluster-admin"), ["cluster-admin-binding"]),
        (bound("cluster-admin", **LABEL), role("cluster-admin"), []),
        (bound("all"), role("all", resources=["*"], verbs=["*"], apiGroups=["*"]), ["wildcard-role"]),
        (bound("s"), role("s", **SECRETS), ["secrets-reader"]),
        (bound("s", "shop", kind="Role"), role("s", "shop", **SECRETS), ["secrets-reader"]),
        (bound("s", "shop", kind="Role"), role("s", "other", **SECRETS), []),
        (bound("s"), role("s", resources=["*"], verbs=["list"]), ["secrets-reader"]),
        (bound("s"), role("s", resources=["secrets"], verbs=["create"]), []),
        (bound("s"), role("s", **SECRETS, resourceNames=["one"]), []),
        (bound("s"), role("s", **{**SECRETS, "apiGroups": ["apps"]}), []),
        (bound("e"), role("e", resources=["clusterroles"], verbs=["bind"]), ["escalating-role"]),
        (bound("gone"), role("other", **SECRETS), []),
        (
            bound("view", subject={"kind": "Group", "name": "system:unauthenticated"}),
            role("view"),
            ["anonymous-binding"],
        ),
        (bound("system:discovery", subject={"kind": "User", "name": "system:anonymous"}), role("x"), []),
    ],
)
def test_a_binding_is_judged_by_what_it_gives(binding: Any, role: Any, expected: list[str]) -> None:
    assert cluster_keys(binding, role) == expected


def test_a_declared_subject_keeps_its_role_and_no_other() -> None:
    accepted = {("User asha", "cluster-admin")}
    assert cluster_keys(bound("cluster-admin"), accepted=accepted) == []
    assert cluster_keys(bound("s"), role("s", **SECRETS), accepted=accepted) == ["secrets-reader"]


DECLARED = Declared(
    {
        "app": {"owner": "Platform Team"},
        "admin": {"owner": "Ops", "may": ["login", "createrole"], "member_of": ["app"]},
        "asha": {"owner": "Asha", "may": ["login"], "ends": True},
    },
    ["rds*"],
)


def database_role(name: str, **more: Any) -> dict[str, Any]:
    rights = dict.fromkeys(("login", "superuser", "createrole", "createdb", "replication", "bypassrls"), False)
    return {"name": name, **rights, "valid_until": None, "member_of": [], **more}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (database_role("app"), []),
        (database_role("app", login=True), ["database-role-too-strong"]),
        (database_role("admin", login=True, createrole=True, member_of=["app"]), []),
        (database_role("admin", login=True, createdb=True), ["database-role-too-strong"]),
        (database_role("admin", superuser=True), ["database-superuser"]),
        (database_role("admin", member_of=["app", "pg_write_all_data"]), ["database-membership"]),
        (database_role("asha", login=True), ["database-login-without-end"]),
        (database_role("asha", login=True, valid_until="2027"), []),
        (database_role("ghost"), ["database-role-unknown"]),
        (database_role("ghost", login=True, superuser=True), ["database-role-unknown", "database-superuser"]),
        (database_role("rdsadmin", login=True, superuser=True), []),
    ],
)
def test_a_database_role_is_held_against_what_is_declared(role: dict[str, Any], expected: list[str]) -> None:
    assert [one["key"] for one in role_findings([role], DECLARED)] == expected


def test_every_grant_to_everybody_is_found() -> None:
    (finding,) = grant_findings([{"object": "public.guardians", "privileges": "SELECT"}])
    assert (finding["key"], finding["where"]) == ("public-grant", "public.guardians")


def result(**more: Any) -> dict[str, Any]:
    return {"findings": [], "unknown": [], "notes": [], **more}


def test_a_source_that_gave_nothing_is_a_finding_and_hides_no_other() -> None:
    principal = {"account": "user/asha", "owner": "Asha", "rights": "group staff"}
    finding = found("user-without-mfa", "asha has no factor.", "user/asha")
    whole = part(
        {
            "principals": result(principals=[principal, {"account": "user/ashanti"}], findings=[finding]),
            "changes": {"msg": "AWS cannot be called.", "failed": True},
            "cluster": result(bindings=[]),
            "database": {},
        }
    )
    assert [(one["key"], one["where"]) for one in whole["findings"]] == [
        ("user-without-mfa", "user/asha"),
        ("unread", "changes"),
        ("unread", "database"),
    ]
    assert len(whole["unknown"]) == 2
    assert "AWS cannot be called" in whole["unknown"][0]
    rows = {row["account"]: row for row in whole["attestation"]}
    assert rows["user/asha"]["findings"] == "user-without-mfa"
    assert rows["user/ashanti"]["findings"] == ""
    assert {row["decision"] for row in rows.values()} == {""}


@pytest.mark.parametrize("key", KINDS)
def test_every_kind_has_a_severity_and_a_control(key: str) -> None:
    finding = found(key, "What.", "where")
    assert finding["severity"] in SEVERITIES
    assert finding["control"].startswith(("CIS-AWS-6.0.0-", "PCI-", "SOC2-", "ISO27001-"))
    assert ("deadline" in finding) is (finding["severity"] != "advice")
