# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of the modules that choose tables for maintenance."""

from __future__ import annotations


class ModuleDocFragment:
    """From when on a table is in need, which tables may be touched, and how much time there is."""

    DOCUMENTATION = r"""
options:
  dead_min:
    description: Dead rows below which a table is never vacuumed for them.
    type: int
    default: 10000
  dead_fraction:
    description: Dead rows, as a part of all rows, from which on a table is vacuumed; 0.005 to 0.5.
    type: float
    default: 0.05
  analyze_fraction:
    description: Changed rows, as a part of all rows, from which on a table is analysed; 0.01 to 0.5.
    type: float
    default: 0.05
  freeze_fraction:
    description:
      - Age of a table, as a part of its C(autovacuum_freeze_max_age) or C(autovacuum_multixact_freeze_max_age), from
        which on it is frozen; 0.3 to 1.0.
    type: float
    default: 0.75
  emergency_warn_age:
    description: Age in transactions of a table or database from which on a P1 alert is raised.
    type: int
    default: 500000000
  emergency_age:
    description: Age in transactions from which on a P0 alert is raised and a table gets the least that saves it.
    type: int
    default: 1000000000
  recent_hours:
    description: Where the counters are lost, leave out tables that were treated within this time.
    type: int
    default: 6
  include:
    description: Patterns of V(schema.table); only tables that match one are treated. Each must match a table.
    type: list
    elements: str
    default: []
  exclude:
    description: Patterns of V(schema.table); tables that match one are left alone. Each must match a table.
    type: list
    elements: str
    default: []
  jobs:
    description: Tables that are treated at the same time; 1 to 4.
    type: int
    default: 2
  budget_min:
    description: Minutes from the start of the window after which nothing runs any more; 5 to 120.
    type: int
    default: 45
  per_table_cap_min:
    description: Minutes after which the work on one table ends; 1 to 60.
    type: int
    default: 20
  window_started:
    description: When the window opened, as RFC 3339; a resumed run gives the start of the first. Now by default.
    type: str
  deadline:
    description: Instant, as RFC 3339, at which everything must have ended, if that is before the end of the budget.
    type: str
  hard_stop:
    description: Time of day, such as V(02:50), at which everything must have ended.
    type: str
  timezone:
    description: Time zone of O(hard_stop).
    type: str
    default: Asia/Kolkata
  previous_tables:
    description:
      - The RV(hasivu.ops.db_vacuum#module:tables) of the last run, from which the expected times come; a table that
        was deferred then and does not fit now either is an alert.
    type: list
    elements: dict
    default: []
"""
