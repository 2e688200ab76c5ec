# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of every module that works on one Lambda function."""

from __future__ import annotations


class ModuleDocFragment:
    """Which function, and how long its updates may take."""

    DOCUMENTATION = r"""
options:
  function:
    description: Name of the function.
    type: str
    required: true
  patience_seconds:
    description: Seconds that an update of the function may take to be in service.
    type: int
    default: 300
"""
