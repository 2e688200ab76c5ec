# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clients of AWS for the services that know of a database instance, each made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import client, new_client


def clients(module: AnsibleModule) -> Callable[..., Any]:
    """Return what gives the client of a service, of the module's Region or of another one."""
    made: dict[tuple[str, str], Any] = {}

    def of(service: str, region: str = "") -> Any:
        if (service, region) not in made:
            elsewhere = region and region != module.params["region"]
            made[service, region] = (
                new_client(service, region, module.params["endpoint_url"]) if elsewhere else client(module, service)
            )
        return made[service, region]

    return of
