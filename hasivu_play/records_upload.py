"""Records in S3: each run under a name of its own, written once, read back and compared."""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.hasivu.ops.plugins.module_utils import record_line
from ansible_collections.hasivu.ops.plugins.module_utils.record import RECORD

from hasivu_play.records import Run, folders, is_running, read_run, verify
from hasivu_play.records_archive import Archive
from hasivu_play.records_packing import KIND, digests_in, packed
from hasivu_play.records_receipts import Receipt, exported, keep

if TYPE_CHECKING:
    from hasivu_play.records_bucket import Bucket, Stored  # loads boto3; whoever has a bucket has it loaded

HEAD_DIGITS = 16
SLACK = timedelta(minutes=5)  # between our clock and that of S3


@dataclass(frozen=True)
class Upload:
    """What came of one run: where it lies, whether it was written now, and what is wrong."""

    run: str
    address: str
    sha256: str
    written: bool
    version: str = ""
    mode: str = ""
    retain_until: str = ""
    problems: list[str] = field(default_factory=list)

    def in_words(self) -> str:
        """Return one line, and one for each problem."""
        how = "written" if self.written else "there already"
        line = f"{self.sha256}  {self.address}  {how}, locked until {self.retain_until or 'NEVER'}"
        return "\n  ".join([line, *self.problems])


def missing(environment: str) -> list[Run]:
    """Return the ended runs of an environment that were not exported yet, the oldest first."""
    known = exported()
    runs = [read_run(folder) for folder in reversed(folders()) if folder.name not in known]
    return [run for run in runs if run.environment == environment and not is_running(run)]


def key_of(run: Run, archive: Archive) -> str:
    """Return the name of the object of a run, which the last line of its record decides."""
    lines = record_line.read_lines(run.directory / RECORD)
    head = record_line.digest(lines[-1]) if lines else "0" * HEAD_DIGITS
    return f"{archive.prefix}{run.id}-{head[:HEAD_DIGITS]}{KIND}"


def upload(run: Run, bucket: Bucket) -> Upload:
    """Write the record of a run unless it is there, read back what is there, and remember it where nothing is wrong.

    Raises:
        LockedError: The run has not ended.
        StoppedError: S3 did not answer; run again.
    """
    content, key = packed(run), key_of(run, bucket.archive)
    written = bucket.write(key, content)
    stored = bucket.look(key)
    differences = content_problems(bucket, key, content, stored)
    if not differences:
        stored = kept_long_enough(bucket, key, stored)
    wrong = [*differences, *retention_problems(bucket.archive, stored)]
    made = upload_of(run, bucket.archive.address(key), stored, written)
    if not wrong:
        keep(receipt_of(made, bucket.archive, key))
    return replace(made, problems=[*wrong, *(f"The record itself: {problem}" for problem in verify(run).problems)])


def content_problems(bucket: Bucket, key: str, content: bytes, stored: Stored) -> list[str]:
    """Say in which files the object differs from the record here; other bytes of the same files are no difference."""
    if stored.sha256 == hashlib.sha256(content).hexdigest():
        return []
    place = f"{bucket.archive.address(key)} (version {stored.version})"
    there = bucket.read(key)
    if stored.sha256 and hashlib.sha256(there).hexdigest() != stored.sha256:
        return [f"{place} was read as other bytes than S3 has the SHA-256 of. Export it again."]
    try:
        theirs, ours = digests_in(there), digests_in(content)
    except (tarfile.TarError, OSError, EOFError):
        return [f"{place} is no archive of a record. Look at its older versions, which are locked."]
    names = sorted(name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name))
    if not names:
        return []
    return [f"{place} differs from the record here in {', '.join(names)}. Find out which of them was altered."]


def kept_long_enough(bucket: Bucket, key: str, stored: Stored) -> Stored:
    """Return an object after its retention was lengthened to what the inventory asks for now."""
    wanted = stored.modified.replace(microsecond=0) + timedelta(days=bucket.archive.days)
    if stored.retain_until and stored.retain_until >= wanted - SLACK and stored.mode == bucket.archive.mode:
        return stored
    if stored.mode == "COMPLIANCE" and bucket.archive.mode != "COMPLIANCE":
        return stored  # stricter than what is asked for, and nobody can loosen it
    bucket.retain(key, stored.version, max(wanted, stored.retain_until or wanted))
    return bucket.look(key)


def retention_problems(archive: Archive, stored: Stored) -> list[str]:
    """Say in what the retention that S3 tells of falls short of the inventory."""
    if stored.mode not in (archive.mode, "COMPLIANCE"):
        return [f"It is locked in the mode '{stored.mode}', and the inventory wants {archive.mode}."]
    wanted = stored.modified + timedelta(days=archive.days) - SLACK
    if stored.retain_until is None or stored.retain_until < wanted:
        return [f"It is locked until {stored.retain_until}, which is less than {archive.days} days."]
    return []


def upload_of(run: Run, address: str, stored: Stored, written: bool) -> Upload:
    """Return what came of a run, as far as S3 tells it."""
    until = moment(stored.retain_until) if stored.retain_until else ""
    return Upload(run.id, address, stored.sha256, written, stored.version, stored.mode, until)


def receipt_of(made: Upload, archive: Archive, key: str) -> Receipt:
    """Return what this machine remembers of an upload."""
    told: dict[str, Any] = {"run": made.run, "bucket": archive.bucket, "key": key, "version": made.version}
    lock = {"mode": made.mode, "retain_until": made.retain_until, "at": moment(datetime.now(UTC))}
    return Receipt(**told, sha256=made.sha256, **lock)


def moment(when: datetime) -> str:
    """Return a moment as records write it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
