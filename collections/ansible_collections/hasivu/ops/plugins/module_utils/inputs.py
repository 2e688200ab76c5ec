# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inputs of a procedure: typed, bounded, and checked in the same way by the driver and by the play."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

BOUNDS = frozenset({"minimum", "maximum", "pattern"})
KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list such as a,b",
    "dict": "a mapping such as a=1,b=2",
}


class InputError(Exception):
    """Raised for inputs that a procedure does not take; holds one sentence for each of them."""

    def __init__(self, sentences: list[str]) -> None:
        """Keep the sentences."""
        super().__init__(" ".join(sentences))
        self.sentences = sentences


def validate(specification: dict[str, dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
    """Return every input with its type and default, or say of each wrong one what it must be."""
    sentences = [unknown(name, specification) for name in sorted(set(given) - set(specification))]
    values: dict[str, Any] = {}
    for name, option in specification.items():
        if name not in given and option.get("required"):
            sentences.append(f"The input '{name}' is missing; give {expected(option)}.")
            continue
        value = given.get(name, option.get("default"))
        values[name], fits = convert(name, option, value)
        if not fits:
            sentences.append(f"The input '{name}' must be {expected(option)}, not '{value}'.")
    if sentences:
        raise InputError(sentences)
    return values


def unknown(name: str, specification: dict[str, Any]) -> str:
    """Say that an input is not known, and which one may have been meant."""
    close = get_close_matches(name, list(specification), n=1)
    if close:
        return f"There is no input '{name}'; did you mean '{close[0]}'?"
    known = ", ".join(sorted(specification))
    return f"There is no input '{name}'; " + (f"choose from: {known}." if known else "this procedure takes none.")


def convert(name: str, option: dict[str, Any], value: Any) -> tuple[Any, bool]:
    """Return a value as Ansible converts it, and whether it fits type, choices and bounds."""
    if value is None:
        return None, not option.get("required")
    plain = {key: item for key, item in option.items() if key not in BOUNDS}
    try:
        result = ArgumentSpecValidator({name: plain}).validate({name: value})
    except OverflowError:  # Ansible turns the text Infinity into a whole number
        return value, False
    if result.error_messages:
        return value, False
    converted = result.validated_parameters[name]
    elements = converted if isinstance(converted, list) else [converted]
    return converted, all(within_bounds(option, element) for element in elements)


def within_bounds(option: dict[str, Any], value: Any) -> bool:
    """Tell whether one value keeps within minimum, maximum and pattern."""
    if "minimum" in option and not value >= option["minimum"]:
        return False
    if "maximum" in option and not value <= option["maximum"]:
        return False
    return "pattern" not in option or re.fullmatch(option["pattern"], str(value)) is not None


def expected(option: dict[str, Any]) -> str:
    """Describe what an input takes, such as `a whole number from 5 to 120`."""
    if option.get("choices"):
        return "one of " + ", ".join(str(choice) for choice in option["choices"])
    text = KINDS[option.get("type", "str")]
    if "minimum" in option and "maximum" in option:
        text += f" from {option['minimum']} to {option['maximum']}"
    elif "minimum" in option:
        text += f" of {option['minimum']} or more"
    elif "maximum" in option:
        text += f" of {option['maximum']} or less"
    return text + (f" that matches {option['pattern']}" if "pattern" in option else "")
