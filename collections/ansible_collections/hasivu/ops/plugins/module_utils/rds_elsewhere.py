# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What another Region keeps of a database instance, and whether it can be restored there."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rds_checks import checks
from ansible_collections.hasivu.ops.plugins.module_utils.rds_facts import Facts, latest_of, window

Fields = dict[str, Any]
# How the parameters of a restore name the groups of the other Region.
SUBNETS, PARAMETERS, OPTIONS = "DBSubnetGroupName", "DBParameterGroupName", "OptionGroupName"
NOWHERE: Fields = {"window": {}, "source": {}, "checks": [], "findings": []}


class Elsewhere:
    """The facts of another Region."""

    def __init__(self, facts: Facts, instance_id: str, resource_id: str, settings: Fields) -> None:
        """Ask there for the backups of an instance; settings name the groups that a restore there is given."""
        self._facts = facts
        self._instance_id = instance_id
        self._resource_id = resource_id
        self._settings = settings

    def told(self, target_id: str, restore_time: str, run_id: str) -> Fields:
        """Return window, newest backup and checks of the other Region."""
        backups = self._backups()
        facts = self._gathered(backups, target_id)
        found = checks(facts, target_id, restore_time, run_id) if facts["source"] else []
        return {
            "window": facts["window"],
            "source": facts["source"],
            "checks": found,
            "findings": self._facts.findings,
        }

    def _backups(self) -> list[Fields] | None:
        """Return the backups of the instance that the Region keeps, the newest first."""
        operation, key = "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups"
        what = "The backups in the other Region"
        found: list[Fields] | None = self._facts.ask(what, lambda: self._facts.pages("rds", operation, key))
        return found and sorted(filter(self._is_of_it, found), key=latest_of, reverse=True)

    def _is_of_it(self, backup: Fields) -> bool:
        """Tell whether a backup is of the instance; one that is gone has no other name than its old one."""
        if self._resource_id:
            return bool(backup["DbiResourceId"] == self._resource_id)
        return bool(backup["DBInstanceIdentifier"] == self._instance_id)

    def _gathered(self, backups: list[Fields] | None, target_id: str) -> Fields:
        """Return what the checks ask for, of the other Region."""
        source = (backups or [{}])[0]
        return {
            "source": source,
            "backups": backups,
            "snapshots": [],
            "window": window(None, backups),
            "quotas": self._facts.quotas(),
            "kms_key": self._facts.key(source.get("KmsKeyId", "")),
            "subnets": self._facts.subnets(self._subnet_group()),
            "parameter_group": self._facts.parameter_group(self._settings.get(PARAMETERS, "")),
            "option_group": self._facts.option_group(self._settings.get(OPTIONS, "")),
            "target": self._facts.name_taken(target_id) if target_id else None,
            "findings": self._facts.findings,
        }

    def _subnet_group(self) -> Fields | None:
        """Return the subnet group that a restore there is given."""
        name = self._settings.get(SUBNETS, "")
        found = self._facts.ask(
            f"The subnet group {name}",
            lambda: self._facts.pages("rds", "describe_db_subnet_groups", "DBSubnetGroups", DBSubnetGroupName=name),
        )
        return found[0] if found else None
