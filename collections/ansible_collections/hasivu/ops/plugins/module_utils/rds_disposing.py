# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deleting one database instance: looked at again right before, waited for, and its backups with it."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.aws import error_code
from ansible_collections.hasivu.ops.plugins.module_utils.rds import find_instance, plain, wait_for
from ansible_collections.hasivu.ops.plugins.module_utils.rds_disposal import DELETING, Rules
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import report_progress, stop_requested

Fields = dict[str, Any]
# RDS takes no deletion while it works at the instance; that passes.
NOT_NOW = ("InvalidDBInstanceState", "InvalidDBInstanceStateFault")
NO_BACKUPS = ("DBInstanceAutomatedBackupNotFound", "DBInstanceAutomatedBackupNotFoundFault")


class DisposingError(Exception):
    """Raised when an instance is not deleted; says what to do, and how the run ends."""

    def __init__(self, message: str, stop: str) -> None:
        """Keep the sentence and the end of the run."""
        super().__init__(message)
        self.stop = stop


class Disposing:
    """The deletion of one instance."""

    def __init__(self, rds: Any, rules: Rules, wanted: Fields, options: Fields) -> None:
        """Delete an instance that was chosen, by its resource: another one may take its name."""
        self._rds = rds
        self._rules = rules
        self._name = wanted["id"]
        self._resource = wanted["resource"]
        self._options = options

    def step(self) -> bool:
        """Ask RDS to delete the instance unless it does already; tell whether it is gone.

        Raises:
            DisposingError: It may not be deleted any more, or somebody asked the run to stop.
        """
        stop = stop_requested(self._options["stop_file"])
        if stop:
            raise DisposingError(f"Deleting {self._name} ended because {stop}. Resume the run.", "resumable")
        shown = find_instance(self._rds, self._name)
        if shown is None or shown["DbiResourceId"] != self._resource:
            return True
        if shown["DBInstanceStatus"] != DELETING:
            self._delete(shown)
        return False

    def finish(self, deadline: float) -> list[Fields]:
        """Wait until the instance and its automated backups are gone; return the snapshots that are left of it.

        Raises:
            DisposingError: They are not gone before the deadline of the monotonic clock.
        """
        poll = self._options["poll_seconds"]
        if not (wait_for(self.step, deadline, poll) and wait_for(self._without_backups, deadline, poll)):
            raise DisposingError(
                f"{self._name} or its backups were not gone within {self._options['deadline_seconds']} seconds. Look "
                "at its events in RDS, then resume the run.",
                "budget",
            )
        report_progress(self._options["progress_file"], f"{self._name} is gone")
        found = self._rds.describe_db_snapshots(DbiResourceId=self._resource)["DBSnapshots"]
        by_hand = [one for one in plain(found) if one["SnapshotType"] == "manual"]
        return [{"id": one["DBSnapshotIdentifier"], "of": self._name} for one in by_hand]

    def _delete(self, shown: Fields) -> None:
        """Delete the instance, if it still may be; while RDS works at it, a later look tries again."""
        objections = self._rules.objections(shown)
        if objections:
            raise DisposingError(
                f"{self._name} may not be deleted any more: {'; '.join(objections)}. A person must decide.", "decision"
            )
        try:
            self._rds.delete_db_instance(
                DBInstanceIdentifier=self._name, SkipFinalSnapshot=True, DeleteAutomatedBackups=True
            )
        except Exception as error:  # boto3 raises errors of many families
            if error_code(error) not in NOT_NOW:
                raise

    def _without_backups(self) -> bool:
        """Tell whether no automated backup of the instance is kept."""
        try:
            answer = self._rds.describe_db_instance_automated_backups(DbiResourceId=self._resource)
        except Exception as error:  # boto3 raises errors of many families
            if error_code(error) in NO_BACKUPS:
                return True
            raise
        return not answer["DBInstanceAutomatedBackups"]
