# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What hangs on a database instance by its name or its identity: a restored instance has others, and loses it all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.attachment_move import (
    definition,
    log_prefix,
    names_instance,
    policy_statements,
    watches,
)
from ansible_collections.hasivu.ops.plugins.module_utils.rds import find_instance, plain
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

Fields = dict[str, Any]
Client = Callable[..., Any]
POLICIES = ("User", "Role", "Group", "LocalManagedPolicy")
INLINE = {"UserDetailList": "UserPolicyList", "RoleDetailList": "RolePolicyList", "GroupDetailList": "GroupPolicyList"}
NAMES = {"UserDetailList": "UserName", "RoleDetailList": "RoleName", "GroupDetailList": "GroupName"}
SUBSCRIPTION = ("filterName", "filterPattern", "destinationArn", "roleArn", "distribution")
METRIC = ("filterName", "filterPattern", "metricTransformations")


class Attachments:
    """The attachments of one instance; a question that AWS does not answer is a finding, never an empty list."""

    def __init__(self, client: Client, instance: str, resource: str) -> None:
        """Ask through clients of AWS, one for each service and, where it is given, Region."""
        self._client = client
        self._instance = instance
        self._resource = resource
        self.findings: list[dict[str, str]] = []

    def all(self) -> Fields:
        """Return everything that hangs on the instance, by kind; nothing for a kind that could not be read.

        An instance that is gone tells no more which replicas it had, and where its backups were copied to.
        """
        shown = self.ask(
            "The replicas and replicated backups", lambda: find_instance(self._client("rds"), self._instance) or {}
        )
        self._resource = self._resource or (shown or {}).get("DbiResourceId", "")
        return {
            "instance_id": self._instance,
            "resource_id": self._resource,
            "alarms": self.ask("The alarms", self.alarms),
            "dashboards": self.ask("The dashboards", self.dashboards),
            "log_groups": self.ask("The log groups", self.log_groups),
            "policies": self.ask("The policies of IAM", self.policies) if self._resource else [],
            "proxies": self.ask("The proxies", self.proxies),
            "replicas": None if not shown else list(shown.get("ReadReplicaDBInstanceIdentifiers") or []),
            "replications": None if not shown else self.ask("The copies", lambda: self.replications(shown)),
        }

    def ask(self, what: str, question: Callable[[], Any]) -> Any:
        """Return the answer to a question, or nothing, which is noted."""
        try:
            return question()
        except Exception as error:  # boto3 raises errors of many families; each leaves one thing unknown
            self.findings.append(
                finding(
                    f"{what} of {self._instance} could not be read: {' '.join(str(error).split())}",
                    self._instance,
                    "What is not known cannot follow to the new instance.",
                    f"Mend the access to AWS. After the recovery, look which of them still name {self._instance}.",
                    "high",
                    key="unknown",
                )
            )
            return None

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> list[Fields]:
        """Return every page of an answer."""
        pages = self._client(service).get_paginator(operation).paginate(**parameters)
        return [plain(one) for page in pages for one in page[key]]

    def alarms(self) -> list[Fields]:
        """Return the alarms on a metric of the instance, as PutMetricAlarm takes them."""
        found = self.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmTypes=["MetricAlarm"])
        return [definition(one) for one in found if watches(one, self._instance)]

    def dashboards(self) -> list[Fields]:
        """Return the dashboards that name the instance, with their bodies."""
        cloudwatch = self._client("cloudwatch")
        names = [one["DashboardName"] for one in self.pages("cloudwatch", "list_dashboards", "DashboardEntries")]
        bodies = {name: cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"] for name in names}
        return [{"name": name, "body": body} for name, body in bodies.items() if names_instance(body, self._instance)]

    def log_groups(self) -> list[Fields]:
        """Return the log groups of the instance: how long they keep lines, and who else is given these."""
        prefix = log_prefix(self._instance)
        groups = self.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)
        return [self._log_group(group) for group in groups]

    def _log_group(self, group: Fields) -> Fields:
        name = group["logGroupName"]
        subscriptions = self.pages("logs", "describe_subscription_filters", "subscriptionFilters", logGroupName=name)
        metrics = self.pages("logs", "describe_metric_filters", "metricFilters", logGroupName=name)
        return {
            "name": name,
            "retention": group.get("retentionInDays"),
            "key": group.get("kmsKeyId", ""),
            "subscriptions": [chosen(one, SUBSCRIPTION) for one in subscriptions],
            "metrics": [chosen(one, METRIC) for one in metrics],
        }

    def policies(self) -> list[Fields]:
        """Return the statements of policies that let somebody log in to this instance and to no other."""
        pages = self._client("iam").get_paginator("get_account_authorization_details").paginate(Filter=list(POLICIES))
        return [found for page in pages for found in policies_of(plain(page), self._resource)]

    def proxies(self) -> list[Fields]:
        """Return the proxies of RDS that lead to the instance."""
        rds = self._client("rds")
        found = []
        for proxy in self.pages("rds", "describe_db_proxies", "DBProxies"):
            targets = rds.describe_db_proxy_targets(DBProxyName=proxy["DBProxyName"])["Targets"]
            if any(target.get("RdsResourceId") == self._instance for target in targets):
                found.append({"name": proxy["DBProxyName"]})
        return found

    def replications(self, shown: Fields) -> list[Fields]:
        """Return the Regions to which the automated backups are replicated, and how long they are kept there."""
        found = []
        for one in shown.get("DBInstanceAutomatedBackupsReplications") or []:
            arn = one["DBInstanceAutomatedBackupsArn"]
            region = arn.split(":")[3]
            by = {"DBInstanceAutomatedBackupsArn": arn}
            kept = self._client("rds", region).describe_db_instance_automated_backups(**by)
            (backup,) = kept["DBInstanceAutomatedBackups"]
            wanted = {"days": backup["BackupRetentionPeriod"], "key": backup.get("KmsKeyId", "")}
            found.append({"arn": arn, "region": region, **wanted})
        return found


def chosen(shown: Fields, names: tuple[str, ...]) -> Fields:
    """Return those fields of something that the call which makes it takes."""
    return {name: shown[name] for name in names if name in shown and (shown[name] or name == "filterPattern")}


def policies_of(page: Fields, resource: str) -> list[Fields]:
    """Return the statements of one page of an account that name the identity of an instance."""
    documents = [
        (f"{kind.removesuffix('DetailList').lower()} {holder[NAMES[kind]]}: {one['PolicyName']}", one["PolicyDocument"])
        for kind, inline in INLINE.items()
        for holder in page.get(kind, [])
        for one in holder.get(inline, [])
    ]
    documents += [
        (f"policy {policy['Arn']}", version["Document"])
        for policy in page.get("Policies", [])
        for version in policy.get("PolicyVersionList", [])
        if version["IsDefaultVersion"]
    ]
    return [
        {"where": where, "resource": named}
        for where, document in documents
        for named in policy_statements(document, resource)
    ]
