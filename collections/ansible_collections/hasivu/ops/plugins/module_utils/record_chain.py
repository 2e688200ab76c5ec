# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Find the first line of a record that was altered, dropped, reordered, added or cut off."""

from __future__ import annotations

from ansible_collections.hasivu.ops.plugins.module_utils import record_line


def changed_lines(expected: list[str], lines: list[bytes]) -> list[str]:
    """Name the first line that differs from the digests written when the record was sealed, and how."""
    actual = [record_line.digest(line) for line in lines]
    pairs = zip(expected, actual, strict=False)
    index = next((index for index, (wanted, found) in enumerate(pairs) if wanted != found), None)
    if index is not None:
        return [what_happened(expected, actual, index, lines)]
    if len(actual) < len(expected):
        return [f"Lines {len(actual) + 1} to {len(expected)} were cut off."]
    return [f"Line {len(expected) + 1} was added after the last one."] if len(actual) > len(expected) else []


def what_happened(expected: list[str], actual: list[str], index: int, lines: list[bytes]) -> str:
    """Say what was done to the first line that differs."""
    number = index + 1
    moved = expected[index] in actual[index:]
    if actual[index] in expected:
        other = expected.index(actual[index]) + 1
        if other < number:
            return f"Line {number} was {'moved' if moved else 'replaced'}: line {other} is repeated in its place."
        return f"Line {number} was {'reordered' if moved else 'dropped'}: line {other} stands in its place."
    if moved:
        return f"A line was inserted before line {number}."
    torn = number == len(lines) and not lines[index].endswith(b"\n")
    return f"Line {number} was cut short." if torn and number <= len(expected) else f"Line {number} was altered."


def broken_chain(lines: list[bytes]) -> list[str]:
    """Name the first line that does not follow the line before it; without a seal there is no more to go by."""
    if not lines:
        return ["There is no line in the record."]
    previous = record_line.NOTHING_BEFORE
    for number, line in enumerate(lines, 1):
        fields = record_line.decode(line)
        if not fields:
            return [f"Line {number} was altered or cut short: it is not a line of a record."]
        if fields.get("sequence") != number:
            return [f"Line {number} was dropped or reordered: line {fields.get('sequence')} stands in its place."]
        if fields.get("previous") != previous:
            return [f"Line {max(number - 1, 1)} was altered, for line {number} does not follow it."]
        previous = record_line.digest(line)
    return []
