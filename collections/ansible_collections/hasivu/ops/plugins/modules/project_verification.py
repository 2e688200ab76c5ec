#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse a project that is not as it was signed."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: project_verification
short_description: Refuse a project that is not as it was signed
version_added: 1.0.0
description:
  - Compares every file of the project with the checksums in C(.ansible-sign/sha256sum.txt), by the rules of
    C(MANIFEST.in), and names what was added, removed or changed.
  - The checksums must be signed in C(.ansible-sign/sha256sum.txt.sshsig) as C(ssh-keygen -Y sign) does it, in the
    namespace C(hasivu-play-project), by a key of O(signers). C(hasivu-play project sign) makes both files.
  - A link, or a folder named C(.ansible-sign), where Ansible loads from is refused, for checksums pass it over.
options:
  project:
    description: The folder of the project.
    type: path
    required: true
  signers:
    description: Path of an C(allowed_signers) file outside of the project.
    type: path
    required: true
requirements:
  - ansible-sign
attributes:
  check_mode:
    description: Reads only, and refuses in a rehearsal too.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Refuse a project that is not as it was signed
  hasivu.ops.project_verification:
    project: "{{ playbook_dir | dirname }}"
    signers: /etc/hasivu-play/project_signers
  when: policy.project_verification == 'required'
"""

RETURN = r"""
files:
  description: How many files were compared.
  returned: success
  type: int
signer:
  description: The fingerprint of the key that signed.
  returned: success
  type: str
problems:
  description: Every sign that the project is not as it was signed.
  returned: failure
  type: list
  elements: str
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.project_content import MEND, verdict_of


def main() -> None:
    """Verify, and refuse a project that differs."""
    module = AnsibleModule(
        argument_spec={
            "project": {"type": "path", "required": True},
            "signers": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        verdict = verdict_of(Path(module.params["project"]), Path(module.params["signers"]))
    except ImportError as error:
        module.fail_json(msg=missing_required_lib(error.name or "ansible-sign"), stop="refused")
    if verdict.problems:
        module.fail_json(msg=f"{' '.join(verdict.problems)} {MEND}", stop="refused", problems=verdict.problems)
    module.exit_json(changed=False, files=verdict.files, signer=verdict.signer)


if __name__ == "__main__":
    main()
