# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of every module that logs in to a cache of ElastiCache."""

from __future__ import annotations


class ModuleDocFragment:
    """The replication group; its address is asked of ElastiCache, and a token is read from its secret."""

    DOCUMENTATION = r"""
options:
  replication_group_id:
    description: Replication group of ElastiCache.
    type: str
    required: true
  tls:
    description: Whether clients speak TLS with it, as ElastiCache asks where there is an AUTH token.
    type: bool
    default: true
  tls_ca:
    description: File with the certificates to trust; by default those of the system.
    type: path
requirements:
  - redis >= 7
"""
