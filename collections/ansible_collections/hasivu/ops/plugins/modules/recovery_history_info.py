#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read what earlier recoveries and drills measured."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: recovery_history_info
short_description: Read what earlier recoveries and drills measured
version_added: 0.3.0
description:
  - Reads C(objectives.json) of each record of some procedures in one environment, as M(hasivu.ops.recovery_measure)
    wrote it.
  - Verifies each record first. What does not verify is returned as such, and is not counted.
  - Rehearsals and ways back measure nothing, and runs that were refused did nothing; neither is returned.
options:
  procedures:
    description: Ids of the procedures.
    type: list
    elements: str
    required: true
  environment:
    description: Name of the environment.
    type: str
    required: true
  signers:
    description: Files with the keys that may sign records, each an C(allowed_signers) file or one public key.
    type: list
    elements: path
    required: true
  runs:
    description: Folder of all records; by default that of this user.
    type: path
  least_deadline_s:
    description: Seconds that a restore may take in any case.
    type: int
    default: 1800
  most_deadline_s:
    description: Seconds that a restore may take at most, also where no earlier one tells.
    type: int
    default: 14400
requirements:
  - sshsig
attributes:
  check_mode:
    description: The module only reads.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Read what earlier recoveries and drills measured
  hasivu.ops.recovery_history_info:
    procedures: [db-recovery, recovery-drill]
    environment: production
    signers: ["{{ inventory_dir }}/allowed_signers"]
"""

RETURN = r"""
measurements:
  description: What each run measured, the oldest first; C(at) is when the run ended.
  returned: success
  type: list
  elements: dict
unverified:
  description: The records that do not verify, each with C(run) and C(problems).
  returned: success
  type: list
  elements: dict
unmeasured:
  description: The runs that ended without a measurement and were not resumed.
  returned: success
  type: list
  elements: dict
expected_restore_s:
  description: Median of the phase C(Restore) in the last five measurements that have it; null where none has.
  returned: success
  type: float
restore_deadline_s:
  description: How long the next restore may take, which is twice that, within the two bounds.
  returned: success
  type: int
"""

import traceback
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.record import RECORD
from ansible_collections.hasivu.ops.plugins.module_utils.record_run import runs_directory
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_history import (
    expected_restore,
    history,
    restore_deadline,
)

try:
    import sshsig  # noqa: F401  # whoever verifies needs it
except ImportError:
    SSHSIG_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    SSHSIG_IMPORT_ERROR = None


def main() -> None:
    """Read the options, verify, return."""
    module = AnsibleModule(
        argument_spec={
            "procedures": {"type": "list", "elements": "str", "required": True},
            "environment": {"type": "str", "required": True},
            "signers": {"type": "list", "elements": "path", "required": True},
            "runs": {"type": "path"},
            "least_deadline_s": {"type": "int", "default": 1800},
            "most_deadline_s": {"type": "int", "default": 14400},
        },
        supports_check_mode=True,
    )
    if SSHSIG_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("sshsig"), exception=SSHSIG_IMPORT_ERROR, stop="refused")
    runs = Path(module.params["runs"] or runs_directory())
    try:
        folders = folders_of(runs, module.params["procedures"], module.params["environment"])
        found = history(folders, module.params["signers"])
        expected = expected_restore(found["measurements"])
        deadline = restore_deadline(expected, module.params["least_deadline_s"], module.params["most_deadline_s"])
        module.exit_json(changed=False, **found, expected_restore_s=expected, restore_deadline_s=deadline)
    except OSError as error:
        module.fail_json(
            msg=f"The records in {runs} cannot be read: {error.strerror}. Mend the rights.", stop="refused"
        )


def folders_of(runs: Path, procedures: list[str], environment: str) -> list[Path]:
    """Return the folders of all records of some procedures in one environment."""
    found = [folder for procedure in procedures for folder in runs.glob(f"*-{procedure}-{environment}-*")]
    return [folder for folder in found if (folder / RECORD).exists()]


if __name__ == "__main__":
    main()
