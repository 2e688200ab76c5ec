#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Watch for a while how many answers of the application are errors, as its own counters tell."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: http_error_watch
short_description: Watch for a while which share of the answers of an application are errors
version_added: 0.2.0
description:
  - Reads the counters of an application in the text format of Prometheus at the beginning and at the end, and compares.
  - Fails as resumable when more than a share of the answers were errors, or when the counters cannot be read.
options:
  url:
    description: Address of the counters.
    type: str
    required: true
  counted:
    description: Regular expression of the samples that count answers, each with its labels.
    type: str
    default: '(http_requests_total\{|orders_(created|failed)_total).*'
  failed:
    description: Regular expression of the samples that count errors.
    type: str
    default: 'http_requests_total\{.*status="5\d\d".*|orders_failed_total.*'
  seconds:
    description: Time to watch.
    type: float
    default: 300
  most_share:
    description: Share of errors that is still accepted.
    type: float
    default: 0.01
  stop_file:
    description: File whose presence asks to stop.
    type: path
attributes:
  check_mode:
    description: Reads the counters once and does not wait.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Watch the errors that users see for five minutes
  hasivu.ops.http_error_watch:
    url: https://app.example.com/metrics
"""

RETURN = r"""
answers:
  description: Answers counted meanwhile.
  returned: success
  type: int
errors:
  description: Errors among them.
  returned: success
  type: int
"""

import time
from urllib.error import HTTPError, URLError

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url
from ansible_collections.hasivu.ops.plugins.module_utils.http_counters import COUNTED, FAILED, matching, rise, samples
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import stop_requested

SECONDS = 10
LOOK_SECONDS = 0.5


def main() -> None:
    """Read, wait, read again, judge."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "counted": {"type": "str", "default": COUNTED},
            "failed": {"type": "str", "default": FAILED},
            "seconds": {"type": "float", "default": 300},
            "most_share": {"type": "float", "default": 0.01},
            "stop_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    try:
        before = read(module.params["url"])
        wait(module, 0 if module.check_mode else module.params["seconds"])
        after = read(module.params["url"])
    except (HTTPError, URLError, OSError, ValueError) as error:
        module.fail_json(
            msg=f"The counters of the application cannot be read: {error}. Whether users see errors is not known; look "
            "there, then resume.",
            stop="resumable",
        )
    answers, errors = (rise(before, after, matching(module.params[name])) for name in ("counted", "failed"))
    if errors > module.params["most_share"] * answers:
        module.fail_json(
            msg=f"{errors} of {answers} answers in {module.params['seconds']:g} seconds were errors. Look into the log "
            "of the application, then resume, or go back with rollback.",
            answers=answers,
            errors=errors,
            stop="resumable",
        )
    module.exit_json(changed=False, answers=answers, errors=errors)


def wait(module: AnsibleModule, seconds: float) -> None:
    """Wait, unless a stop is asked for."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        reason = stop_requested(module.params["stop_file"])
        if reason:
            module.fail_json(msg=f"Stopped while watching: {reason}. Resume the run to go on.", stop="resumable")
        time.sleep(min(left, LOOK_SECONDS))


def read(url: str) -> dict[str, float]:
    """Return every sample of the counters by its name and labels."""
    text = open_url(url, timeout=SECONDS).read().decode()
    return samples(text)


if __name__ == "__main__":
    main()
