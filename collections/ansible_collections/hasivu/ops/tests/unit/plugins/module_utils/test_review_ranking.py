# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The findings of a review in one order, and the exceptions that hold for a time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import SEVERITIES, deadline, finding
from ansible_collections.hasivu.ops.plugins.module_utils.review_exceptions import read_waivers
from ansible_collections.hasivu.ops.plugins.module_utils.review_ranking import rank
from hypothesis import given
from hypothesis import strategies as st

TODAY = date(2026, 11, 26)


def found(severity: str = "high", where: str = "anita", key: str = "user-without-mfa", **more: str) -> dict[str, str]:
    return finding(f"{where} has no MFA.", where, "A password is enough.", "Give it.", severity, key=key, **more)


def exception(until: date, **more: str) -> dict[str, Any]:
    fields = {"key": "user-without-mfa", "where": "anita", "owner": "Rohit", "reason": "On leave.", "until": str(until)}
    return {**fields, **more}


def ranked(findings: list[dict[str, str]], *exceptions: dict[str, Any]) -> dict[str, Any]:
    part = {"name": "Access", "result": {"findings": findings}}
    return rank([part], read_waivers(list(exceptions)), TODAY)


def test_the_most_severe_and_then_the_most_urgent_come_first() -> None:
    later, sooner = found(deadline="2026-12-26", where="later"), found(deadline="2026-12-01", where="sooner")
    order = [one["where"] for one in ranked([found("low"), later, sooner, found("critical", "root")])["findings"]]
    assert order == ["root", "sooner", "later", "anita"]


def test_advice_is_shown_and_does_not_count() -> None:
    result = ranked([found("advice")])
    assert (result["failing"], len(result["findings"])) == (0, 1)
    assert result["sentence"] == "Nothing was found that must be mended."


def test_the_sentence_counts_and_names_the_most_severe() -> None:
    result = ranked([found("low", f"user{number}") for number in range(6)] + [found("critical", "root")])
    assert result["sentence"].startswith("7 findings must be mended (1 critical, 6 low): (1) root has no MFA.")
    assert result["sentence"].endswith("and 2 more, all in the report.")


def test_a_part_without_a_result_is_a_finding_and_never_a_pass() -> None:
    result = rank([{"name": "Certificates", "result": {}}], [], TODAY)
    assert result["failing"] == 1
    assert result["findings"][0]["what"] == "The review of Certificates was not made."
    assert result["findings"][0]["deadline"] == "2026-12-26"


@pytest.mark.parametrize(("days", "failing"), [(0, 0), (1, 0), (-1, 1)])
def test_an_exception_holds_to_the_end_of_its_day(days: int, failing: int) -> None:
    result = ranked([found()], exception(TODAY + timedelta(days=days)))
    assert result["failing"] == failing
    assert len(result["accepted"]) == 1 - failing


def test_an_exception_that_has_ended_is_named_in_the_finding() -> None:
    (one,) = ranked([found()], exception(TODAY - timedelta(days=3)))["findings"]
    assert "The exception of Rohit ended on 2026-11-23." in one["why"]


@pytest.mark.parametrize("more", [{"key": "unused-key"}, {"where": "anit?x"}, {"where": "ANITA"}])
def test_an_exception_covers_its_kind_and_place_only(more: dict[str, str]) -> None:
    result = ranked([found()], exception(TODAY, **more))
    assert result["failing"] == 1
    assert [one["key"] for one in result["findings"]] == ["user-without-mfa", "exception-unused"]


def test_a_pattern_covers_many() -> None:
    result = ranked([found(where="a/1"), found(where="a/2")], exception(TODAY, where="a/*"))
    assert (result["failing"], len(result["accepted"])) == (0, 2)
    assert result["sections"][-1]["table"]["rows"][0]["owner"] == "Rohit"


def test_an_exception_without_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="for user-without-mfa at anita ends on 'soon'"):
        read_waivers([{**exception(TODAY), "until": "soon"}])


def test_a_deadline_follows_the_severity() -> None:
    days = [deadline(severity, TODAY) for severity in SEVERITIES]
    assert days == ["2026-12-03", "2026-12-26", "2027-02-24", None, None]


@given(st.lists(st.sampled_from(SEVERITIES)), st.lists(st.integers(-3, 3), max_size=3))
def test_no_finding_is_ever_lost(severities: list[str], days: list[int]) -> None:
    findings = [found(severity, f"user{number}") for number, severity in enumerate(severities)]
    waivers = [exception(TODAY + timedelta(days=day), where=f"user{place}") for place, day in enumerate(days)]
    result = ranked(findings, *waivers)
    shown = [one["where"] for one in [*result["findings"], *result["accepted"]] if one["key"] != "exception-unused"]
    assert sorted(shown) == sorted(one["where"] for one in findings)
