# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one write of a verification: a row is updated as the application would, and taken back."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.role_login import LoginError, log_in, login_of
from ansible_collections.hasivu.ops.plugins.module_utils.role_write import write_and_take_back
from ansible_collections.hasivu.ops.plugins.module_utils.secret import CURRENT, SecretError, holder_of, secret_of
from ansible_collections.hasivu.ops.plugins.module_utils.verification_check import Check, reason, unknown

try:
    import psycopg
except ImportError:
    # `check_library` says so before anything of it is used.
    psycopg = None

NAME, WHAT = "write_probe", "The application can log in and write"


def write_check(module: AnsibleModule) -> Check:
    """Write with the current login of the application and take it back; in a rehearsal, say that it was not tried."""
    table = module.params["write_table"]
    if module.check_mode:
        return Check(NAME, None, WHAT, f"A rehearsal does not write to {table}.", skipped=True)
    secret = secret_of(module, module.params["application_secret_id"])
    try:
        login = login_of(secret, holder_of(secret.stages(), CURRENT))
        with log_in(module.params, login) as connection:
            wrote = write_and_take_back(connection, table)
    except SecretError as error:
        return unknown(NAME, WHAT, str(error))
    except LoginError as error:
        return Check(NAME, False if error.refused else None, WHAT, str(error))
    except psycopg.Error as error:
        return Check(NAME, False, WHAT, f"{login.user} cannot write to {table}: {reason(error)}.")
    return Check(NAME, True if wrote else None, WHAT, f"{login.user} updated {wrote} rows of {table} and took it back.")
