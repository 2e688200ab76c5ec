# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of every module that works on a secret of AWS Secrets Manager."""

from __future__ import annotations


class ModuleDocFragment:
    """The secret by its name; its value is read by the module itself and never returned."""

    DOCUMENTATION = r"""
options:
  secret_id:
    description: Name or ARN of the secret.
    type: str
    required: true
"""
