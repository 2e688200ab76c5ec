# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option of modules whose work a resumed run must recognise as its own."""

from __future__ import annotations


class ModuleDocFragment:
    """The run that something belongs to."""

    DOCUMENTATION = r"""
options:
  run_id:
    description: First of the runs that a resumed one goes on with. What is made bears it in the tag C(hasivu-run).
    type: str
    required: true
"""
