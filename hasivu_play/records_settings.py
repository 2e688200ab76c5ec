"""The bucket for the records of an environment, as Ansible resolves its inventory."""

from __future__ import annotations

from hasivu_play.doctor_environment import resolve
from hasivu_play.errors import UsageError
from hasivu_play.project import Project
from hasivu_play.records_archive import MEND, VARIABLE, archive_in, settings_in
from hasivu_play.records_bucket import Bucket

FIRST_HOST = "all[0]"
NAMES = [VARIABLE, "aws_region", "aws_environment"]


def bucket_of(project: Project, environment: str) -> Bucket:
    """Return the bucket for the records of an environment, after making sure that what lies there is locked.

    Raises:
        UsageError: The inventory names no bucket, or cannot be read.
        RefusedError: What lies in the bucket could be changed, or nobody can tell.
    """
    resolved, problem = resolve(project, project.inventory(environment), FIRST_HOST, NAMES)
    if problem:
        raise UsageError(f"The inventory of {environment} does not tell where records are kept: {problem} {MEND}")
    archive = archive_in(resolved)
    if archive is None:
        raise UsageError(f"The inventory of {environment} names no bucket for records. {MEND}")
    bucket = Bucket(archive, settings_in(resolved))
    bucket.refuse_unlocked()
    return bucket
