# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of database instances: an instance is known by its identity or by the tag of its run, never by its name."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rds import HOPELESS, find_instance, is_ours, plain

Fields = dict[str, Any]
RENAMING = "renaming"
# States in which RDS takes a new name.
TAKES_NAME = ("available", "stopped")


class RenameError(Exception):
    """Raised when an instance cannot have its name; says what to do, and how the run ends."""

    def __init__(self, message: str, stop: str = "resumable") -> None:
        """Keep the sentence and the end of the run."""
        super().__init__(message)
        self.stop = stop


class Named:
    """An instance, and the name that it is to have."""

    def __init__(self, rds: Any, options: Fields, tell: Callable[[str], None]) -> None:
        """Work with a client of RDS and the options of the module."""
        self._rds = rds
        self._options = options
        self._tell = tell
        self._deadline = time.monotonic() + options["deadline_seconds"]

    def find(self) -> Fields | None:
        """Return the instance under whatever name it has now, or nothing where there is none."""
        resource, run = self._options["resource_id"], self._options["run_id"]
        filters = [{"Name": "dbi-resource-id", "Values": [resource]}] if resource else []
        pages = self._rds.get_paginator("describe_db_instances").paginate(Filters=filters)
        found = [plain(one) for page in pages for one in page["DBInstances"]]
        ours = [one for one in found if resource or is_ours(one, run)]
        if len(ours) > 1:
            names = ", ".join(one["DBInstanceIdentifier"] for one in ours)
            raise RenameError(f"More than one instance bears the tag of {run}: {names}. Look which is the right one.",
                             "decision")  # fmt: skip
        return ours[0] if ours else None

    def settled(self) -> Fields | None:
        """Return the instance once no rename of it is under way.

        Raises:
            RenameError: It is under way for too long.
        """
        while (found := self.find()) and found["DBInstanceStatus"] == RENAMING:
            self._pause(found)
        return found

    def rename(self, before: Fields, name: str) -> Fields:
        """Give the instance the name, and return it when it is available under that.

        Raises:
            RenameError: Another instance has the name, or RDS does not come to an end.
        """
        taken = find_instance(self._rds, name)
        if taken and taken["DbiResourceId"] != before["DbiResourceId"]:
            raise RenameError(f"{name} is the name of another instance, {taken['DbiResourceId']}. Nothing was renamed.")
        found: Fields | None = before
        while found and found["DBInstanceStatus"] not in TAKES_NAME:
            self._pause(found)
            found = self.find()
        if found and found["DBInstanceIdentifier"] != name:
            here = {"DBInstanceIdentifier": found["DBInstanceIdentifier"]}
            self._rds.modify_db_instance(**here, NewDBInstanceIdentifier=name, ApplyImmediately=True)
            self._tell(f"{found['DBInstanceIdentifier']} is being renamed to {name}")
        while not (found and found["DBInstanceIdentifier"] == name and found["DBInstanceStatus"] in TAKES_NAME):
            self._pause(found)
            found = self.find()
        return found

    def _pause(self, found: Fields | None) -> None:
        """Let some time pass.

        Raises:
            RenameError: Waiting does not help, or has lasted too long.
        """
        name = found["DBInstanceIdentifier"] if found else "The instance"
        status = found["DBInstanceStatus"] if found else "not to be found"
        if status in HOPELESS:
            raise RenameError(f"{name} is {status}, which no waiting mends. Look at its events in RDS, then resume.")
        if time.monotonic() > self._deadline:
            raise RenameError(f"{name} is still {status}. Resume the run.", "budget")
        self._tell("")
        time.sleep(self._options["poll_seconds"])
