# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where an alias is led, and how it finds back."""

from __future__ import annotations

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import lambda_alias_plan as plan

FIRST, LATER = "20261101T000000Z-lambda-change-a", "20261102T000000Z-lambda-change-b"
PRESENT = plan.Route("6", description="Users of the city")


def test_a_canary_gets_its_share_and_the_way_back_is_written_with_it() -> None:
    route = plan.canary(PRESENT, "7", 0.1, FIRST)
    assert (route.version, route.other, route.share) == ("6", "7", 0.1)
    assert route.description == f"Users of the city [before {FIRST}: version 6]"
    assert route.request()["RoutingConfig"] == {"AdditionalVersionWeights": {"7": 0.1}}


def test_after_the_whole_shift_the_way_back_is_still_known() -> None:
    route = plan.whole(plan.canary(PRESENT, "7", 0.1, FIRST), "7", FIRST)
    assert (route.version, route.other) == ("7", "")
    assert plan.back(route, FIRST) == PRESENT
    assert plan.back(plan.back(route, FIRST), FIRST) == PRESENT


def test_each_step_is_a_no_op_the_second_time() -> None:
    once = plan.canary(PRESENT, "7", 0.1, FIRST)
    assert plan.canary(once, "7", 0.1, FIRST) == once
    done = plan.whole(once, "7", FIRST)
    assert plan.whole(done, "7", FIRST) == done
    assert plan.canary(done, "7", 0.1, FIRST) == done


def test_an_alias_that_the_change_never_moved_stays_as_it_is() -> None:
    assert plan.back(PRESENT, FIRST) == PRESENT


def test_a_later_change_is_not_taken_back_unseen() -> None:
    later = plan.whole(plan.whole(PRESENT, "7", FIRST), "8", LATER)
    assert plan.remembered(later.description, LATER) == "7"
    with pytest.raises(plan.StrangeRouteError, match=LATER):
        plan.back(later, FIRST)


def test_the_canary_of_somebody_else_is_left_alone() -> None:
    with pytest.raises(plan.StrangeRouteError, match="version 9"):
        plan.canary(plan.Route("6", "9", 0.3), "7", 0.1, FIRST)


def test_a_long_description_makes_room_for_the_way_back() -> None:
    described = plan.remembering("x" * 300, FIRST, "6")
    assert len(described) <= 256
    assert plan.remembered(described, FIRST) == "6"
