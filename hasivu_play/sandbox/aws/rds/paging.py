"""Pages and filters of the Describe operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hasivu_play.sandbox.aws.rds.errors import RdsError, bad_value

Fields = dict[str, Any]
Filters = Mapping[str, Callable[[Any], Sequence[str]]]
PAGING = ("Filters", "MaxRecords", "Marker")
LEAST, MOST = 20, 100


def chosen(found: Sequence[Any], asked: Fields, known: Filters) -> list[Any]:
    """Return what all filters of a request let through.

    Raises:
        RdsError: RDS does not know a filter.
    """
    kept = list(found)
    for wanted in asked.get("Filters", []):
        value_of = known.get(wanted["Name"])
        if value_of is None:
            raise bad_value(f"Unrecognized filter name: {wanted['Name']}")
        kept = [one for one in kept if set(value_of(one)) & set(wanted["Values"])]
    return kept


def page(name: str, found: Sequence[Fields], asked: Fields) -> Fields:
    """Return one page of an answer under its name, with the marker of the next one.

    Raises:
        RdsError: The size of a page is out of bounds, or the marker is none of ours.
    """
    size = int(asked.get("MaxRecords", MOST))
    if not LEAST <= size <= MOST:
        raise bad_value(f"Invalid value {size} for MaxRecords. Must be between {LEAST} and {MOST}")
    try:
        begin = int(asked.get("Marker") or 0)
    except ValueError:
        raise RdsError("InvalidParameterValue", "Invalid marker value.") from None
    rest = len(found) > begin + size
    return {name: list(found[begin : begin + size]), **({"Marker": str(begin + size)} if rest else {})}
