# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a review could not look at: kept while the rest goes on, and told as findings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ansible_collections.hasivu.ops.plugins.module_utils.access_finding import Finding, unread
from ansible_collections.hasivu.ops.plugins.module_utils.aws import error_code

Answer = TypeVar("Answer")

# What an emulator or a partition of AWS says of an operation that it does not have; nobody is kept out by that.
NOT_OFFERED = frozenset({"NotImplemented", "InvalidAction", "UnknownOperationException"})


class Unread:
    """The questions that were not answered."""

    def __init__(self) -> None:
        """Begin with every question answered."""
        self.findings: list[Finding] = []
        self.notes: list[str] = []

    def ask(
        self, what: str, where: str, do: str, call: Callable[[], Answer], *, optional: bool = False
    ) -> Answer | None:
        """Return the answer of a call, or nothing once its failure is kept.

        Args:
            what: What is being read, as the start of a sentence.
            where: The object that is asked, such as an operation of AWS.
            do: How to mend a refusal, as a sentence.
            call: Asks.
            optional: Whether a review is whole without it where the operation is not offered at all.
        """
        try:
            return call()
        except Exception as error:  # clients raise errors of many families; each is a finding here
            self.keep(what, where, do, error, optional)
            return None

    def keep(self, what: str, where: str, do: str, error: Exception, optional: bool = False) -> None:
        """Keep a failure: a finding, unless it is of an optional operation that is not offered."""
        if optional and error_code(error) in NOT_OFFERED:
            self.notes.append(f"{what} could not be looked at, for {where} is not offered here.")
        else:
            self.findings.append(unread(what, where, error, do))

    @property
    def sentences(self) -> list[str]:
        """Return what could not be looked at, a sentence each."""
        return [finding["what"] for finding in self.findings]


def pages(client: Any, operation: str, most_pages: int, **parameters: Any) -> list[dict[str, Any]]:
    """Return every page of the answer of an operation.

    Raises:
        RuntimeError: There are more pages than `most_pages`.
    """
    read: list[dict[str, Any]] = []
    for page in client.get_paginator(operation).paginate(**parameters):
        if len(read) == most_pages:
            raise RuntimeError(f"the answer has more than {most_pages} pages")
        read.append(page)
    return read


def gathered(read: list[dict[str, Any]], name: str) -> list[Any]:
    """Return the items of one list of all pages."""
    return [item for page in read for item in page.get(name, [])]
