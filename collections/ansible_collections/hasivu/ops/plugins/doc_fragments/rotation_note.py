# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of every module that tells how far a rotation is."""

from __future__ import annotations


class ModuleDocFragment:
    """The version that the rotation makes, and the notes of which version was current when it began."""

    DOCUMENTATION = r"""
options:
  version_id:
    description: Version that this rotation makes.
    type: str
    required: true
  min_interval_days:
    description: Days that two rotations must lie apart; only told of a rotation that has not begun.
    type: float
    default: 0
  note:
    description: File in which to note which version was current as the rotation began; not written in check mode.
    type: path
  earlier_notes:
    description: Notes of the runs that this one resumes, the latest first.
    type: list
    elements: path
    default: []
"""
