#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read the open incidents from PagerDuty."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: incident_info
short_description: Read the open incidents from PagerDuty
version_added: 0.1.0
description:
  - Lists the incidents that are triggered or acknowledged, all pages of them, with their priority.
options:
  url:
    description: Address of the REST API of PagerDuty.
    type: str
    default: https://api.pagerduty.com
  token:
    description: A token that may read incidents.
    type: str
    required: true
  priorities:
    description: Priorities to return, such as V(P1); an incident without a priority is returned too.
    type: list
    elements: str
    default: [P0, P1]
attributes:
  check_mode:
    description: The module only reads.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Read the open incidents of the highest priorities
  hasivu.ops.incident_info:
    token: "{{ pagerduty_token }}"
    priorities: [P0, P1]
  register: incidents
"""

RETURN = r"""
incidents:
  description: The open incidents of the priorities asked for.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: Identifier, type: str, returned: always}
    title: {description: Title, type: str, returned: always}
    priority: {description: "Priority, or V(none)", type: str, returned: always}
    url: {description: Page of the incident, type: str, returned: always}
"""

import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url

OPEN = {"statuses[]": ["triggered", "acknowledged"], "date_range": "all"}
PAGE = 100
SECONDS = 10


def main() -> None:
    """Read, choose, return."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "default": "https://api.pagerduty.com"},
            "token": {"type": "str", "required": True, "no_log": True},
            "priorities": {"type": "list", "elements": "str", "default": ["P0", "P1"]},
        },
        supports_check_mode=True,
    )
    try:
        found = open_incidents(module.params["url"], module.params["token"])
    except (HTTPError, URLError, OSError, ValueError, KeyError) as error:
        module.fail_json(msg=f"PagerDuty does not say which incidents are open: {error}. Check its address and token.")
    wanted = module.params["priorities"]
    module.exit_json(changed=False, incidents=[one for one in found if one["priority"] in (*wanted, "none")])


def open_incidents(url: str, token: str) -> list[dict[str, Any]]:
    """Return every incident that is triggered or acknowledged.

    Raises:
        HTTPError: PagerDuty refuses, such as for a wrong token.
        URLError: PagerDuty cannot be reached.
    """
    found: list[dict[str, Any]] = []
    more = True
    while more:
        page = read_page(url, token, len(found))
        found += [described(incident) for incident in page["incidents"]]
        more = page["more"]
    return found


def read_page(url: str, token: str, offset: int) -> dict[str, Any]:
    """Return one page of open incidents, as the API reference of PagerDuty describes `GET /incidents`."""
    query = urlencode({**OPEN, "limit": PAGE, "offset": offset}, doseq=True)
    answer = open_url(
        f"{url.rstrip('/')}/incidents?{query}",
        headers={"Authorization": f"Token token={token}", "Accept": "application/vnd.pagerduty+json;version=2"},
        timeout=SECONDS,
    )
    page: dict[str, Any] = json.load(answer)
    return page


def described(incident: dict[str, Any]) -> dict[str, Any]:
    """Return what a guard needs of an incident."""
    priority = (incident.get("priority") or {}).get("summary") or "none"
    return {
        "id": incident["id"],
        "title": incident.get("title", ""),
        "priority": priority,
        "url": incident.get("html_url", ""),
    }


if __name__ == "__main__":
    main()
