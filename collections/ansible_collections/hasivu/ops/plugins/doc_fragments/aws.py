# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of every module that calls AWS."""

from __future__ import annotations


class ModuleDocFragment:
    """Where the calls go; credentials come from the shared files, the role or the environment, as boto3 finds them."""

    DOCUMENTATION = r"""
options:
  region:
    description: AWS region of the calls.
    type: str
    required: true
  endpoint_url:
    description: Address to call instead of AWS. E(AWS_ENDPOINT_URL) does the same.
    type: str
requirements:
  - boto3 >= 1.43
"""
