"""Inputs are typed and bounded, and the driver and the play agree about them."""

from contextlib import suppress

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.inputs import InputError, validate
from hypothesis import example, given
from hypothesis import strategies as st

from hasivu_play.errors import UsageError
from hasivu_play.inputs import check_inputs, parse_assignments

SPECIFICATION = {
    "budget_min": {"type": "int", "minimum": 5, "maximum": 120, "default": 45},
    "dead_fraction": {"type": "float", "minimum": 0.005, "maximum": 0.5, "default": 0.05},
    "terminate_policy": {"type": "str", "choices": ["off", "cancel", "terminate"], "default": "off"},
    "reindex_invalid": {"type": "bool", "default": False},
    "include": {"type": "list", "elements": "str", "pattern": r"[a-z_*]+\.[a-z_*]+", "default": []},
    "reason": {"type": "str"},
}


def test_defaults_and_types_are_given():
    values = validate(SPECIFICATION, {"budget_min": "30", "reindex_invalid": "yes", "include": "public.a,public.b*"})
    assert values == {
        "budget_min": 30,
        "dead_fraction": 0.05,
        "terminate_policy": "off",
        "reindex_invalid": True,
        "include": ["public.a", "public.b*"],
        "reason": None,
    }


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("budget_min", "soon", "The input 'budget_min' must be a whole number from 5 to 120, not 'soon'."),
        ("budget_min", "4", "The input 'budget_min' must be a whole number from 5 to 120, not '4'."),
        ("budget_min", "121", "The input 'budget_min' must be a whole number from 5 to 120, not '121'."),
        ("budget_min", "", "The input 'budget_min' must be a whole number from 5 to 120, not ''."),
        ("dead_fraction", "nan", "The input 'dead_fraction' must be a number from 0.005 to 0.5, not 'nan'."),
        ("terminate_policy", "kill", "The input 'terminate_policy' must be one of off, cancel, terminate, not 'kill'."),
        ("reindex_invalid", "maybe", "The input 'reindex_invalid' must be true or false, not 'maybe'."),
        ("include", "a.b,;drop", r"The input 'include' must be a list such as a,b that matches"),
        ("budget", "30", "There is no input 'budget'; did you mean 'budget_min'?"),
        ("xyz", "30", "There is no input 'xyz'; choose from: budget_min, dead_fraction,"),
    ],
)
def test_a_wrong_input_is_named_with_what_it_takes(name, value, sentence):
    with pytest.raises(UsageError) as refused:
        check_inputs(SPECIFICATION, {name: value})
    assert str(refused.value).startswith(sentence)


def test_a_required_input_is_asked_for_even_when_nothing_is_given():
    with pytest.raises(UsageError, match="The input 'table' is missing; give text"):
        check_inputs({"table": {"type": "str", "required": True}}, {})


def test_every_wrong_input_is_named_at_once():
    with pytest.raises(InputError) as refused:
        validate(SPECIFICATION, {"budget_min": "x", "dead_fraction": "y", "other": 1})
    assert len(refused.value.sentences) == 3


def test_the_driver_passes_on_only_what_was_given():
    assert check_inputs(SPECIFICATION, {"budget_min": "30"}) == {"budget_min": 30}


@given(st.integers())
def test_an_accepted_number_is_within_its_bounds(number):
    try:
        assert 5 <= validate(SPECIFICATION, {"budget_min": str(number)})["budget_min"] <= 120
    except InputError:
        assert not 5 <= number <= 120


@given(st.text())
@example("Infinity")
@example("NaN")
def test_no_text_breaks_the_check(text):
    for name in SPECIFICATION:
        with suppress(InputError):
            assert set(validate(SPECIFICATION, {name: text})) == set(SPECIFICATION)


def test_what_the_driver_accepts_the_play_accepts_unchanged():
    typed = validate(SPECIFICATION, {"budget_min": "30", "include": "public.a"})
    assert validate(SPECIFICATION, typed) == typed


@pytest.mark.parametrize("assignment", ["budget_min", "=3", ""])
def test_an_assignment_has_a_key_and_a_value(assignment):
    with pytest.raises(UsageError, match="KEY=VALUE"):
        parse_assignments([assignment])


def test_a_value_may_hold_an_equals_sign():
    assert parse_assignments(["a=b=c", "d="]) == {"a": "b=c", "d": ""}
