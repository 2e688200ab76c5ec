"""The wait for the first backup of a new sandbox: until then nothing can be restored, nor rehearsed to be."""

from __future__ import annotations

from datetime import timedelta

from hasivu_play.errors import StoppedError
from hasivu_play.sandbox.aws_client import client
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.waiting import wait_until

SECONDS = 60.0
# RDS tells moments in whole seconds, and the newest one that can be asked for is a second before the latest.
WIDTH = timedelta(seconds=1)


def await_first_backup(layout: Layout) -> None:
    """Wait until the log reaches further than the first base backup.

    Raises:
        StoppedError: It takes too long.
    """
    rds = client(layout, "rds")

    def restorable() -> bool:
        backups = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
        windows = [backup["RestoreWindow"] for backup in backups]
        return any(window["LatestTime"] - window["EarliestTime"] >= WIDTH for window in windows)

    if not wait_until(restorable, SECONDS):
        raise StoppedError(
            f"The first backup of the sandbox's database was not complete after {SECONDS:.0f} s. Read "
            f"{layout.part('postgresql') / 'base_backup.log'}, mend the cause and run `hasivu-play sandbox reset`."
        )
