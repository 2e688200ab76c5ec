# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of modules that change a database instance of RDS and wait for it."""

from __future__ import annotations


class ModuleDocFragment:
    """The instance, and how long the module waits for it."""

    DOCUMENTATION = r"""
options:
  instance_id:
    description: Identifier of the database instance.
    type: str
    required: true
  deadline_seconds:
    description: How long the module waits at most; the waiters of AWS give up after 30 minutes.
    type: int
    default: 14400
  poll_seconds:
    description: How long it lets pass between two looks.
    type: float
    default: 15
"""
