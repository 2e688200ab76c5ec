# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A read replica becomes a server of its own, and bears the tag of the run that made it so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.aws import error_code
from ansible_collections.hasivu.ops.plugins.module_utils.rds import RUN_TAG, find_instance, is_ours, tag_list
from ansible_collections.hasivu.ops.plugins.module_utils.rds_wait import Wanted, Watch, wait

Fields = dict[str, Any]
SOURCE = "ReadReplicaSourceDBInstanceIdentifier"
AVAILABLE = "available"
BUSY = ("InvalidDBInstanceState", "InvalidDBInstanceStateFault")


class PromotionError(Exception):
    """Raised when a replica is not promoted; says what to do, and how the run ends."""

    def __init__(self, message: str, stop: str = "resumable") -> None:
        """Keep the sentence and the end of the run."""
        super().__init__(message)
        self.stop = stop


class Promotion:
    """The promotion of one replica."""

    def __init__(self, rds: Any, options: Fields, hear: Callable[[str], None]) -> None:
        """Work with a client of RDS and the options of the module."""
        self._rds = rds
        self._options = options
        self._hear = hear
        self._deadline = time.monotonic() + options["deadline_seconds"]
        self.watch = Watch(options["instance_id"])
        self.sent = False

    def look(self) -> Fields:
        """Return the replica, or what this run has made of it.

        Raises:
            PromotionError: It is neither.
        """
        self.watch.note(find_instance(self._rds, self.watch.instance_id))
        shown = self.watch.instance
        if not shown:
            raise PromotionError(f"RDS has no instance {self.watch.instance_id}. Choose another way back.", "refused")
        if is_replica(shown) and not self._follows(shown):
            text = f"{self.watch.instance_id} follows {shown[SOURCE]}, not {self._options['source_instance']}."
            raise PromotionError(f"{text} Name a replica of that.", "refused")
        if not is_replica(shown) and not is_ours(shown, self._options["run_id"]):
            text = f"{self.watch.instance_id} is no replica, and does not bear the tag of this run."
            raise PromotionError(f"{text} What it is, look up before anybody writes to it.", "refused")
        return shown

    def bring_about(self) -> None:
        """Tag the replica, promote it unless it is, and wait until it takes writes.

        Raises:
            PromotionError: It does not in time.
        """
        self._tag()
        while is_replica(self.watch.instance) or self.watch.status != AVAILABLE:
            if time.monotonic() > self._deadline:
                raise PromotionError(self._too_late(), "budget")
            self._settle()
            if is_replica(self.watch.instance):
                self._send()
                time.sleep(self._options["poll_seconds"])
                self.watch.note(find_instance(self._rds, self.watch.instance_id))

    def _follows(self, shown: Fields) -> bool:
        """Tell whether the replica is one of the source; one of another Region names it by its ARN."""
        return bool(shown[SOURCE].rpartition(":")[2] == self._options["source_instance"])

    def _tag(self) -> None:
        """Let a resumed run know the replica again, before it is one no more."""
        if not is_ours(self.watch.instance, self._options["run_id"]):
            tags = {**self._options["tags"], RUN_TAG: self._options["run_id"]}
            self._rds.add_tags_to_resource(ResourceName=self.watch.instance["DBInstanceArn"], Tags=tag_list(tags))
            self.sent = True

    def _send(self) -> None:
        """Send the call; an instance that is being promoted already refuses another, which is waited for."""
        backups = {name: value for name, value in self._options["backups"].items() if value}
        try:
            self._rds.promote_read_replica(DBInstanceIdentifier=self.watch.instance_id, **backups)
            self.sent = True
        except Exception as error:  # boto3 raises errors of many families
            if error_code(error) not in BUSY:
                raise

    def _settle(self) -> None:
        """Wait until the instance is available."""
        left = self.watch.waited + max(0.0, self._deadline - time.monotonic())
        if not wait(self._rds, self.watch, Wanted(), left, self._options["poll_seconds"], self._hear):
            raise PromotionError(self._too_late(), "budget")

    def _too_late(self) -> str:
        """Return what did not come about in time, and what to do."""
        return (
            f"{self.watch.instance_id} was not promoted within {self._options['deadline_seconds']} seconds: it is "
            f"{self.watch.status or 'unknown'}. Look at its events in RDS, then resume the run."
        )


def is_replica(shown: Fields) -> bool:
    """Tell whether an instance follows another one."""
    return bool(shown.get(SOURCE))
