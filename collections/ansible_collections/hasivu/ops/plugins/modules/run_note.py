#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module run_note: keeps what a run found before its first change, for every run that goes on with it."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: run_note
short_description: Keep what a run found or decided, for the runs that go on with it
version_added: 0.3.0
description:
  - Writes a file of JSON into the folder of the run, unless an earlier run of the same chain has one. Then that one
    holds, and is copied, so that what was captured before the first change is never captured again after it.
  - Without O(content) it only reads. It writes nowhere but into the record, and never reports a change.
options:
  directory:
    description: Folder of the run's record.
    type: path
    required: true
  name:
    description: Name of the note.
    type: str
    required: true
  content:
    description: What is to be kept; no secret belongs in it.
    type: dict
  earlier:
    description: Ids of the runs that this one goes on with, the first of all first; empty ones are left out.
    type: list
    elements: str
    default: []
  environment:
    description:
      - Environment whose other runs may have the note as well. Where no run of the chain has it, the newest of those
        holds, and is copied.
    type: str
attributes:
  check_mode:
    description: Reads, and writes nothing.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Keep how the writers were before the first of them is stopped
  hasivu.ops.run_note:
    directory: "{{ hasivu_run.directory }}"
    name: capture
    content: "{{ writers.captured }}"
    earlier: ["{{ hasivu_run.origin }}", "{{ hasivu_run.resumes }}"]
  register: capture
"""

RETURN = r"""
found:
  description: Whether there is a note now, or would be outside a rehearsal.
  returned: success
  type: bool
content:
  description: The note; empty when there is none.
  returned: success
  type: dict
run:
  description: The run of the environment that the note was copied from; empty when it is of this chain.
  returned: success
  type: str
path:
  description: File of the note in the folder of this run.
  returned: success
  type: str
"""

import json
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.report_file import write_private

OPTIONS: dict[str, dict[str, Any]] = {
    "directory": {"type": "path", "required": True},
    "name": {"type": "str", "required": True},
    "content": {"type": "dict"},
    "earlier": {"type": "list", "elements": "str", "default": []},
    "environment": {"type": "str"},
}


def main() -> None:
    """Read the note of the chain of runs, or write it."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    name = f"{module.params['name']}.json"
    own = Path(module.params["directory"]) / name
    chain = [own, *(own.parent.parent / run / name for run in module.params["earlier"] if run)]
    others = of_environment(own, module.params["environment"])
    try:
        run = others[0].parent.name if others and not any(file.exists() for file in chain) else ""
        kept = first_of([*chain, *others])
        content = module.params["content"] if kept is None else kept
        if content is not None and not own.exists() and not module.check_mode:
            write_private(own, json.dumps(content, indent=2, sort_keys=True) + "\n")
    except (OSError, ValueError) as error:
        module.fail_json(
            msg=f"The note {name} cannot be read or written: {error}. Mend that before anything is changed.",
            stop="resumable",
        )
    module.exit_json(changed=False, found=content is not None, content=content or {}, run=run, path=str(own))


def of_environment(own: Path, environment: str | None) -> list[Path]:
    """Return the same note of the runs of an environment, the newest first: the name of a run begins with its time."""
    if not environment:
        return []
    return sorted(own.parent.parent.glob(f"*-{environment}-????/{own.name}"), reverse=True)


def first_of(files: list[Path]) -> dict[str, Any] | None:
    """Return the content of the first note that is there.

    Raises:
        OSError: A note is there and cannot be read.
        ValueError: A note is no JSON.
    """
    for file in files:
        if file.exists():
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return found
    return None


if __name__ == "__main__":
    main()
