# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The master password of a database instance: read from a secret by the module itself, told by nobody."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import client
from ansible_collections.hasivu.ops.plugins.module_utils.lambda_secret import SecretError, read_secret
from ansible_collections.hasivu.ops.plugins.module_utils.role_login import Login, LoginError, is_let_in

Fields = dict[str, Any]
NOT_FOUND = "ResourceNotFoundException"
MASTER_OPTION: dict[str, Any] = {
    "type": "dict",
    "no_log": False,
    "options": {
        "secret_id": {"type": "str", "required": True, "no_log": False},
        "version_id": {"type": "str"},
        "stage": {"type": "str", "default": "AWSCURRENT"},
        "region": {"type": "str"},
        "database": {"type": "str", "required": True},
        "sslmode": {"type": "str", "default": "verify-full"},
        "sslrootcert": {"type": "path"},
    },
}


def master_login(module: AnsibleModule, instance: Fields) -> Login | None:
    """Return the login that the secret holds for the master of an instance, or nothing where none is wanted.

    A rehearsal may speak of a version of the secret that no step has stored yet; then there is no login to try.
    """
    option = module.params["master_secret"]
    if not option:
        return None
    try:
        fields = read_secret(client(module, "secretsmanager", region=option["region"]), option)
    except SecretError as error:
        if module.check_mode and error.code == NOT_FOUND:
            return Login(instance["MasterUsername"], "")
        module.fail_json(msg=f"{error} Mend the secret, then resume the run.", stop="resumable")
    if fields.get("username") != instance["MasterUsername"] or not fields.get("password"):
        module.fail_json(
            msg=f"The secret {option['secret_id']} is not the login of {instance['MasterUsername']}, the master of "
            f"{instance['DBInstanceIdentifier']}. Name the secret that is.",
            stop="bad_input",
        )
    return Login(fields["username"], fields["password"])


def is_in_force(module: AnsibleModule, instance: Fields, login: Login) -> bool:
    """Tell whether the server lets the login in already; a server that does not answer has not said so."""
    option, endpoint = module.params["master_secret"], instance.get("Endpoint") or {}
    if not endpoint or not login.password:
        return False
    where = {"host": endpoint["Address"], "port": endpoint["Port"], "application_name": "hasivu-ops"}
    try:
        return is_let_in({**option, **where}, login)
    except LoginError:
        return False
