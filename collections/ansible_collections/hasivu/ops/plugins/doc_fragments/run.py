# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of modules that work for minutes."""

from __future__ import annotations


class ModuleDocFragment:
    """The files that such a module shares with the run around it."""

    DOCUMENTATION = r"""
options:
  stop_file:
    description: When this file appears, the module stops at its next safe point and fails as resumable.
    type: path
  progress_file:
    description: File to which the module appends its progress as JSON lines.
    type: path
"""
