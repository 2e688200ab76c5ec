"""Verify a record: that no line was altered, dropped or reordered, no file changed, and who signed it."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.hasivu.ops.plugins.module_utils.record_verification import problems_of

from hasivu_play.records_run import Run
from hasivu_play.records_signers import check_key


@dataclass(frozen=True)
class Verification:
    """Whether a record is as it was written, and every sign that it is not."""

    problems: list[str]

    @property
    def ok(self) -> bool:
        """Tell whether there is no problem."""
        return not self.problems


def verify(run: Run) -> Verification:
    """Check lines, files, manifest and signature of a record, without a network."""
    return Verification(problems_of(run.directory, lambda key: check_key(run, key)))
