"""Whether records are kept in S3 where the inventory asks for it, and which runs are not there yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from hasivu_play.doctor_check import Check
from hasivu_play.errors import PlayError
from hasivu_play.records import Run
from hasivu_play.records_archive import VARIABLE, Archive, archive_in, settings_in
from hasivu_play.records_upload import missing

BUCKET, RUNS = "bucket of records", "exported records"


def check_archive(variables: dict[str, Any]) -> Iterator[Check]:
    """Ask S3 whether the bucket is locked, and look which runs were not exported; nothing where no bucket is named."""
    try:
        archive = archive_in(variables)
        if archive is None:
            yield Check(BUCKET, ok=True, says=f"`{VARIABLE}` names none, so records lie on this machine alone")
            return
        from hasivu_play.records_bucket import Bucket  # loads boto3, which nothing else of the doctor needs

        Bucket(archive, settings_in(variables), attempts=1).refuse_unlocked()
    except PlayError as error:
        yield Check(BUCKET, ok=False, says=str(error), mend="Until then, no record can be exported.")
        return
    yield Check(BUCKET, ok=True, says=f"{archive.bucket}, {archive.mode} for {archive.days} days")
    yield check_runs(archive, str(variables.get("hasivu_environment") or ""), datetime.now(UTC))


def check_runs(archive: Archive, environment: str, now: datetime) -> Check:
    """Look for runs that are not in the bucket yet; only a late one is wrong."""
    left = missing(environment)
    late = [run for run in left if is_late(run, archive, now)]
    mend = f"Run: hasivu-play runs export --to s3 --env {environment}"
    if not left:
        return Check(RUNS, ok=True, says="every run that has ended was exported from here")
    oldest = f"the oldest is {left[0].id}"
    says = f"runs not exported yet: {len(left)}, of which {len(late)} are late; {oldest}" if late else ""
    return Check(RUNS, not late, says or f"runs not exported yet: {len(left)}; {oldest}", mend)


def is_late(run: Run, archive: Archive, now: datetime) -> bool:
    """Tell whether a run should have been exported by now; one whose end nobody can read is late."""
    if not archive.late_hours:
        return False
    return run.ended is None or datetime.fromisoformat(run.ended) < now - timedelta(hours=archive.late_hours)
