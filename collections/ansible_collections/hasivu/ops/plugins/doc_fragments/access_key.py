# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of every module that works on the access keys of a user."""

from __future__ import annotations


class ModuleDocFragment:
    """The user of IAM whose key a secret holds, in the fields C(access_key_id) and C(secret_access_key)."""

    DOCUMENTATION = r"""
options:
  user:
    description: User of IAM whose keys are worked on.
    type: str
    required: true
"""
