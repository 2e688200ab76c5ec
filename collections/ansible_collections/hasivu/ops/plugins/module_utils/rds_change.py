# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changing a database instance: settings, tags, master password, name, restart; each waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import rds_settings as decide
from ansible_collections.hasivu.ops.plugins.module_utils.rds import find_instance, tag_list, tags_of
from ansible_collections.hasivu.ops.plugins.module_utils.rds_wait import (
    HopelessError,
    StoppedError,
    Wanted,
    Watch,
    wait,
)
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import report_progress, stop_requested

Fields = dict[str, Any]
HIDDEN = "(hidden)"
# States in which RDS takes a change, or will soon.
SETTLED = ("available", "stopped", "incompatible-parameters", "storage-full")


class ChangeError(Exception):
    """Raised when an instance cannot be changed; says what to do, and how the run ends."""

    def __init__(self, message: str, stop: str = "resumable") -> None:
        """Keep the sentence and the end of the run."""
        super().__init__(message)
        self.stop = stop


class Change:
    """The change of one instance."""

    def __init__(self, rds: Any, options: Fields) -> None:
        """Work with a client of RDS and the options of the module."""
        self._rds = rds
        self._options = options
        self.watch = Watch(options["instance_id"])
        self.sent = False

    def find(self) -> Fields:
        """Return the instance, under its new name where it was renamed already.

        Raises:
            ChangeError: There is none.
        """
        name, new = self._options["instance_id"], self._options["new_identifier"]
        found = find_instance(self._rds, name) or (find_instance(self._rds, new) if new else None)
        if found is None:
            raise ChangeError(f"RDS has no instance {name}. Check its name and the inventory.", "refused")
        self.watch = Watch(found["DBInstanceIdentifier"])
        self.watch.note(found)
        return found

    def told(self, before: Fields, goal: Fields, reset: bool) -> list[Fields]:
        """Return every change that is to be made; of a password only that it changes."""
        changes = [change(name, decide.current(before, name), value) for name, value in self._request(before, goal)]
        changes += [change(f"tag {key}", tags_of(before).get(key), value) for key, value in self._tags(before).items()]
        changes += [change(f"tag {key}", tags_of(before)[key], None) for key in self._surplus(before)]
        if reset:
            changes.append(change("MasterUserPassword", HIDDEN, "(another one)"))
        new = self._options["new_identifier"]
        if new and new != before["DBInstanceIdentifier"]:
            changes.append(change("DBInstanceIdentifier", before["DBInstanceIdentifier"], new))
        return changes

    def make(self, before: Fields, goal: Fields, password: str) -> None:
        """Make the changes and wait until each is in force.

        Raises:
            ChangeError: One of them does not come about.
        """
        self._change_tags(before)
        request = dict(self._request(before, goal))
        if request or password:
            self._settle()
            secret = {"MasterUserPassword": password} if password else {}
            self._modify(**request, **secret)
            self._settle()
            self._confirm(goal)
        new = self._options["new_identifier"]
        if new and new != before["DBInstanceIdentifier"]:
            self._rename(new, before["DbiResourceId"])

    def reboot_where_needed(self, rehearse: bool) -> bool:
        """Restart the instance where values of its parameter group wait for that; tell whether they do."""
        if not decide.pending_reboot(self.watch.instance):
            return False
        if not rehearse:
            self._rds.reboot_db_instance(DBInstanceIdentifier=self.watch.instance_id)
            self.sent = True
            self._until(lambda shown: not decide.pending_reboot(shown), "restarted and still holds values back")
        return True

    def _request(self, before: Fields, goal: Fields) -> list[tuple[str, Any]]:
        return sorted(decide.request(before, goal).items())

    def _tags(self, before: Fields) -> Fields:
        present = tags_of(before)
        return {key: str(value) for key, value in self._options["tags"].items() if present.get(key) != str(value)}

    def _surplus(self, before: Fields) -> list[str]:
        return [key for key in self._options["tags_absent"] if key in tags_of(before)]

    def _change_tags(self, before: Fields) -> None:
        arn = before["DBInstanceArn"]
        if self._tags(before):
            self._rds.add_tags_to_resource(ResourceName=arn, Tags=tag_list(self._tags(before)))
            self.sent = True
        if self._surplus(before):
            self._rds.remove_tags_from_resource(ResourceName=arn, TagKeys=self._surplus(before))
            self.sent = True

    def _modify(self, **parameters: Any) -> None:
        self._rds.modify_db_instance(DBInstanceIdentifier=self.watch.instance_id, ApplyImmediately=True, **parameters)
        self.sent = True

    def _confirm(self, goal: Fields) -> None:
        """Wait until RDS shows the goal: a change may begin a moment after it was taken."""
        left = ", ".join(goal) or "the password"
        self._until(lambda shown: decide.is_same(shown, goal), f"took the change and does not show {left}")

    def _until(self, holds: Callable[[Fields], bool], otherwise: str) -> None:
        """Wait until something holds of what RDS shows of the instance.

        Raises:
            ChangeError: It does not come about in time.
        """
        deadline = time.monotonic() + self._options["deadline_seconds"]
        while not holds(self.watch.instance):
            if time.monotonic() > deadline:
                raise ChangeError(f"RDS {otherwise} of {self.watch.instance_id}. Look there, then resume.", "budget")
            time.sleep(self._options["poll_seconds"])
            self._settle()

    def _rename(self, new: str, resource: str) -> None:
        """Give the instance its new name, and wait until it is available under that."""
        self._settle()
        self._modify(NewDBInstanceIdentifier=new)
        self.watch.instance_id = new
        self._settle()
        if self.watch.instance["DbiResourceId"] != resource:
            raise ChangeError(f"{new} is another instance. Look at both in RDS before anything else.", "decision")

    def _settle(self) -> None:
        """Wait until the instance is in a state that lasts."""
        poll = float(self._options["poll_seconds"])
        try:
            done = wait(self._rds, self.watch, Wanted(SETTLED), self._options["deadline_seconds"], poll, self._hear)
        except HopelessError as error:
            raise ChangeError(str(error)) from error
        except StoppedError as stop:
            raise ChangeError(f"The change ended because {stop}. Resume the run.") from stop
        if not done:
            text = f"{self.watch.instance_id} is still {self.watch.status or 'unknown'}. Resume the run."
            raise ChangeError(text, "budget")

    def _hear(self, changed: str) -> None:
        if changed:
            report_progress(self._options["progress_file"], changed)
        why = stop_requested(self._options["stop_file"])
        if why:
            raise StoppedError(why)


def change(name: str, before: Any, after: Any) -> Fields:
    """Return one change."""
    return {"name": name, "before": before, "after": after}
