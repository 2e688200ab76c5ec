# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the other Region keeps of a database, and that what is not known there is not ok."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rds_elsewhere import Elsewhere
from ansible_collections.hasivu.ops.plugins.module_utils.rds_facts import Facts
from botocore.exceptions import ClientError

SETTINGS = {"DBSubnetGroupName": "there", "DBParameterGroupName": "hasivu-postgres18", "OptionGroupName": "options"}


def backup(identifier: str, resource: str, latest: str) -> dict[str, Any]:
    window = {"EarliestTime": "2026-11-01T00:00:00Z", "LatestTime": latest}
    named = {"DBInstanceIdentifier": identifier, "DbiResourceId": resource, "RestoreWindow": window}
    more = {"Engine": "postgres", "EngineVersion": "18.3", "AllocatedStorage": 20, "KmsKeyId": "key"}
    return {**named, **more, "DBInstanceAutomatedBackupsArn": f"arn:{resource}"}


class There:
    """The other Region: pages by operation, and operations that it refuses."""

    def __init__(self, refused: tuple[str, ...] = ()) -> None:
        """Keep two backups, the older one of an instance that had the name before."""
        old, new = backup("db", "db-OLD", "2026-11-02T00:00:00Z"), backup("db", "db-NEW", "2026-11-26T06:00:00Z")
        subnets = [{"SubnetId": "s", "AvailabilityZone": "ap-south-2a", "AvailableIpAddressCount": 9}]
        self.refused = refused
        self.pages: dict[str, dict[str, Any]] = {
            "describe_db_instance_automated_backups": {"DBInstanceAutomatedBackups": [old, new]},
            "describe_db_subnet_groups": {"DBSubnetGroups": [{"Subnets": [{"SubnetIdentifier": "s"}]}]},
            "describe_subnets": {"Subnets": subnets},
            "describe_db_parameter_groups": {"DBParameterGroups": [{"DBParameterGroupFamily": "postgres18"}]},
            "describe_db_parameters": {"Parameters": []},
            "describe_option_groups": {"OptionGroupsList": [{"OptionGroupName": "options"}]},
        }

    def get_paginator(self, operation: str) -> Any:
        """Return the pages of an operation."""
        if operation in self.refused:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)
        page = self.pages[operation]

        class Pages:
            def paginate(self, **_asked: Any) -> list[dict[str, Any]]:
                return [page]

        return Pages()

    def describe_account_attributes(self) -> dict[str, Any]:
        """Return the quotas."""
        quotas = {"DBInstances": 40, "AllocatedStorage": 1000}
        return {"AccountQuotas": [{"AccountQuotaName": name, "Used": 0, "Max": most} for name, most in quotas.items()]}

    def describe_key(self, KeyId: str) -> dict[str, Any]:  # noqa: N803
        """Return the state of a key."""
        return {"KeyMetadata": {"KeyId": KeyId, "KeyState": "Enabled"}}

    def describe_db_instances(self, **_asked: Any) -> dict[str, Any]:
        """Return no instance."""
        return {"DBInstances": []}


def told(there: There, resource: str = "") -> dict[str, Any]:
    return Elsewhere(Facts(lambda service: there, "db"), "db", resource, SETTINGS).told("new", "", "run-1")


def test_the_newest_backup_of_the_instance_is_found_by_its_identity_or_else_by_its_name() -> None:
    assert told(There())["window"]["backups_arn"] == "arn:db-NEW"
    assert told(There(), "db-OLD")["window"]["backups_arn"] == "arn:db-OLD"
    assert told(There(), "db-OTHER")["window"]["backups_arn"] is None


def test_all_is_well_where_everything_is_there() -> None:
    found = told(There())
    assert [one for one in found["checks"] if not one["ok"]] == []
    assert found["findings"] == []


def test_what_cannot_be_read_there_is_a_finding_and_not_ok() -> None:
    found = told(There(refused=("describe_db_subnet_groups", "describe_option_groups")))
    assert {one["name"] for one in found["checks"] if not one["ok"]} == {"subnet_addresses", "groups"}
    assert len(found["findings"]) == 2
    silent = told(There(refused=("describe_db_instance_automated_backups",)))
    assert silent["window"]["latest"] is None
    assert "could not be read" in silent["findings"][0]["what"]
