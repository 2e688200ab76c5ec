# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the roles of a database server may do against what is declared: the queries, and decisions on their rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.access_finding import Finding, found

ROLES = """
SELECT rolname AS name, rolcanlogin AS login, rolsuper AS superuser, rolcreaterole AS createrole,
       rolcreatedb AS createdb, rolreplication AS replication, rolbypassrls AS bypassrls,
       CASE WHEN isfinite(rolvaliduntil) THEN rolvaliduntil END AS valid_until,
       ARRAY(SELECT above.rolname::text FROM pg_auth_members m JOIN pg_roles above ON above.oid = m.roleid
              WHERE m.member = r.oid ORDER BY 1) AS member_of
  FROM pg_roles r WHERE rolname !~ '^pg_' ORDER BY rolname
"""
PUBLIC_GRANTS = """
WITH own AS (SELECT oid, nspname, nspacl, nspowner FROM pg_namespace
              WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
     granted AS (
SELECT 'schema ' || nspname AS object, a.privilege_type AS privilege
  FROM own, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) a
 WHERE a.grantee = 0 AND a.privilege_type = 'CREATE'
UNION ALL
SELECT format('%I.%I', nspname, relname), a.privilege_type
  FROM pg_class c JOIN own ON own.oid = relnamespace, aclexplode(relacl) a
 WHERE a.grantee = 0 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
UNION ALL
SELECT format('%I.%I', nspname, relname), a.privilege_type || ' (' || attname || ')'
  FROM pg_attribute t JOIN pg_class c ON c.oid = attrelid JOIN own ON own.oid = relnamespace, aclexplode(attacl) a
 WHERE a.grantee = 0 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
UNION ALL
SELECT format('function %I.%I', nspname, proname), a.privilege_type || ' with the rights of its owner'
  FROM pg_proc p JOIN own ON own.oid = pronamespace, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
 WHERE a.grantee = 0 AND prosecdef AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'default privileges of ' || pg_get_userbyid(defaclrole), a.privilege_type
  FROM pg_default_acl, aclexplode(defaclacl) a WHERE a.grantee = 0 AND defaclobjtype IN ('r', 'S', 'n'))
SELECT object, string_agg(DISTINCT privilege, ', ' ORDER BY privilege) AS privileges FROM granted GROUP BY 1 ORDER BY 1
"""
OWNERS = """
SELECT pg_get_userbyid(relowner)::text AS owner, count(*) AS objects,
       (array_agg(format('%%I.%%I', nspname, relname) ORDER BY relname))[1:5] AS some
  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
 WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
   AND pg_get_userbyid(relowner) <> ALL (%s)
 GROUP BY 1 ORDER BY 1
"""
STRONG = ("createrole", "createdb", "replication", "bypassrls")

Row = dict[str, Any]
Roles = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Declared:
    """What the inventory says of roles: each with its owner and rights, and patterns of those of the service."""

    roles: Roles
    service: Collection[str]

    def of_the_service(self, name: str) -> bool:
        """Tell whether a role belongs to the service that runs the server, such as RDS."""
        return any(fnmatchcase(name, pattern) for pattern in self.service)

    def of(self, name: str) -> Mapping[str, Any]:
        """Return what is declared of a role."""
        return self.roles.get(name, {})

    def owner(self, name: str) -> str:
        """Return who answers for a role, or nothing."""
        return "the service" if self.of_the_service(name) else str(self.of(name).get("owner", ""))


def role_findings(roles: list[Row], declared: Declared) -> list[Finding]:
    """Return how roles differ from what is declared."""
    ours = [role for role in roles if not declared.of_the_service(role["name"])]
    return [finding for role in ours for finding in judged(role, declared)]


def judged(role: Row, declared: Declared) -> Iterator[Finding]:
    """Say how one role differs from what is declared of it."""
    name, allowed = role["name"], declared.of(role["name"])
    where = f"role {name}"
    if name not in declared.roles:
        yield found("database-role-unknown", f"The database role {name} is not declared.", where)
    if role["superuser"] and "superuser" not in allowed.get("may", []):
        yield found("database-superuser", f"The database role {name} is a superuser.", where)
    strong = [right for right in STRONG if role[right] and right not in allowed.get("may", [])]
    if role["login"] and name in declared.roles and "login" not in allowed.get("may", []):
        strong.append("login")
    if strong:
        yield found("database-role-too-strong", f"The database role {name} has {', '.join(strong)}.", where)
    beyond = [above for above in role["member_of"] if above not in allowed.get("member_of", [])]
    if beyond:
        yield found("database-membership", f"The database role {name} is a member of {', '.join(beyond)}.", where)
    if allowed.get("ends") and role["login"] and role["valid_until"] is None:
        yield found("database-login-without-end", f"The login of {name} never ends.", where)


def grant_findings(grants: list[Row]) -> list[Finding]:
    """Return what every role of the server may do."""
    return [
        found("public-grant", f"PUBLIC has {grant['privileges']} on {grant['object']}.", grant["object"])
        for grant in grants
    ]


def owner_findings(owners: list[Row]) -> list[Finding]:
    """Return who owns objects and should not."""
    return [
        found(
            "database-owner",
            f"{one['owner']} owns {one['objects']} objects, such as {', '.join(one['some'])}.",
            f"role {one['owner']}",
        )
        for one in owners
    ]


def role_rows(roles: list[Row], declared: Declared) -> list[dict[str, str]]:
    """Return the roles as rows of a table."""
    return [
        {
            "account": f"database role/{role['name']}",
            "owner": declared.owner(role["name"]),
            "rights": ", ".join([right for right in ("superuser", *STRONG) if role[right]] + list(role["member_of"])),
            "credentials": credentials(role),
        }
        for role in roles
    ]


def credentials(role: Row) -> str:
    """Return whether a role may log in, and until when."""
    if not role["login"]:
        return ""
    return f"login until {role['valid_until']:%Y-%m-%d}" if role["valid_until"] else "login"
