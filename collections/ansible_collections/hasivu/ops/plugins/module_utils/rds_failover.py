# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The standby of a database instance takes over: once, however often a run that was killed comes back to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.aws import error_code
from ansible_collections.hasivu.ops.plugins.module_utils.rds import find_instance, moment, plain
from ansible_collections.hasivu.ops.plugins.module_utils.rds_wait import Wanted, Watch, wait

Fields = dict[str, Any]
THROTTLED = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException")
AVAILABLE, COMPLETED = "available", "failover completed"


class FailoverError(Exception):
    """Raised when the standby does not take over; says what to do, and how the run ends."""

    def __init__(self, message: str, stop: str = "resumable") -> None:
        """Keep the sentence and the end of the run."""
        super().__init__(message)
        self.stop = stop


class Failover:
    """The failover of one instance."""

    def __init__(self, rds: Any, once: Any, options: Fields, hear: Callable[[str], None]) -> None:
        """Ask with one client of RDS, and send the call with another that never repeats it."""
        self._rds = rds
        self._once = once
        self._options = options
        self._hear = hear
        self._deadline = time.monotonic() + options["deadline_seconds"]
        self.watch = Watch(options["instance_id"])
        self.sent = False

    def look(self) -> Fields:
        """Return the instance as RDS shows it now.

        Raises:
            FailoverError: There is none, or it has no standby.
        """
        self.watch.note(find_instance(self._rds, self.watch.instance_id))
        if not self.watch.instance:
            raise FailoverError(f"RDS has no instance {self.watch.instance_id}. Recover from its backups.", "refused")
        if not self.watch.instance.get("MultiAZ"):
            raise FailoverError(f"{self.watch.instance_id} has no standby. Use pitr or a snapshot.", "refused")
        return self.watch.instance

    def happened(self) -> bool:
        """Tell whether the standby has taken over since the world was captured."""
        return has_moved(self.watch.instance, self._options["zone"]) or is_told(self.events(), self._options["since"])

    def events(self) -> list[Fields]:
        """Return the failovers of the last day, by whoever they were brought about."""
        name = {"SourceIdentifier": self.watch.instance_id, "SourceType": "db-instance"}
        asked = {**name, "EventCategories": ["failover"], "Duration": 1440}
        pages = self._rds.get_paginator("describe_events").paginate(**asked)
        return [plain(event) for page in pages for event in page["Events"]]

    def bring_about(self) -> None:
        """Have the standby take over unless it has, and wait until it serves.

        Raises:
            FailoverError: It does not in time.
        """
        self._settle()
        if not self.happened():
            self._send()
        while not (self.watch.status == AVAILABLE and self.happened()):
            if time.monotonic() > self._deadline:
                raise FailoverError(self._too_late(), "budget")
            time.sleep(self._options["poll_seconds"])
            self._settle()

    def _send(self) -> None:
        """Send the call. One whose answer is lost is not sent again: what RDS shows tells whether it was taken."""
        while True:
            try:
                self._once.reboot_db_instance(DBInstanceIdentifier=self.watch.instance_id, ForceFailover=True)
            except Exception as error:  # boto3 raises errors of many families
                self.look()
                if self.watch.status != AVAILABLE or self.happened():
                    break
                if error_code(error) not in THROTTLED or time.monotonic() > self._deadline:
                    raise
                time.sleep(self._options["poll_seconds"])
            else:
                break
        self.sent = True

    def _settle(self) -> None:
        """Wait until the instance is available."""
        left = self.watch.waited + max(0.0, self._deadline - time.monotonic())
        if not wait(self._rds, self.watch, Wanted(), left, self._options["poll_seconds"], self._hear):
            raise FailoverError(self._too_late(), "budget")

    def _too_late(self) -> str:
        """Return what did not come about in time, and what to do."""
        zone = self.watch.instance.get("AvailabilityZone", "an unknown zone")
        return (
            f"The standby of {self.watch.instance_id} did not take over within {self._options['deadline_seconds']} "
            f"seconds: the instance is {self.watch.status or 'unknown'} in {zone}. Look at its events in RDS, then "
            "resume the run, or recover with pitr."
        )


def has_moved(instance: Fields, zone: str) -> bool:
    """Tell whether an instance is served from another zone than the one that was captured."""
    return bool(zone) and instance.get("AvailabilityZone", zone) != zone


def is_told(events: list[Fields], since: str) -> bool:
    """Tell whether RDS tells of a failover that was completed at a moment or later.

    It may be that RDS brought it about itself, and even that the zone is the old one again after two of them.
    """
    return any(COMPLETED in event["Message"] and moment(event["Date"]) >= moment(since) for event in events)
