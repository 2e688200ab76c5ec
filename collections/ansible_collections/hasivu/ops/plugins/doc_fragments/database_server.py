# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of every module that logs in to PostgreSQL with the value of a secret which it reads itself."""

from __future__ import annotations


class ModuleDocFragment:
    """Where the server is; as whom to log in and with what, a secret says."""

    DOCUMENTATION = r"""
options:
  host:
    description: Address of the server; the direct endpoint, never a connection pool.
    type: str
    required: true
  port:
    description: Port of the server.
    type: int
    default: 5432
  database:
    description: Name of the database.
    type: str
    required: true
  sslmode:
    description: How the connection is protected, as libpq names it.
    type: str
    default: verify-full
    choices: [disable, allow, prefer, require, verify-ca, verify-full]
  sslrootcert:
    description: File of the certificates that the server's certificate must come from, such as the RDS global bundle.
    type: path
  application_name:
    description: Name under which the sessions of this run are seen in C(pg_stat_activity).
    type: str
    default: hasivu-ops
requirements:
  - psycopg >= 3.2
"""
