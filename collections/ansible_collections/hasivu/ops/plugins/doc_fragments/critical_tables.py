# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option of the modules that compare a restored database table by table."""

from __future__ import annotations


class ModuleDocFragment:
    """Which tables matter most, and what is known of each."""

    DOCUMENTATION = r"""
options:
  tables:
    description: The critical tables.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the table with its schema.
        type: str
        required: true
      key:
        description: Columns that tell its rows apart, a whole number first.
        type: list
        elements: str
        required: true
      created:
        description: Column that says when a row was made.
        type: str
      gap_minutes:
        description: How much older than the restore point the newest row may be.
        type: int
      growth:
        description: By which part the number of rows may differ from that of a stored fingerprint.
        type: float
        default: 0.2
"""
