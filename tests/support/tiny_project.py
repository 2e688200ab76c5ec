"""A project with one playbook of a few quick steps, to record under every launcher."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.recording import make_key

ROOT = Path(__file__).parents[2]
SECRET = "sesame-open-42"

CONFIGURATION = f"""[defaults]
inventory = inventory/sandbox
roles_path = roles
collections_path = {ROOT / "collections"}
callbacks_enabled = hasivu.ops.record
interpreter_python = auto_silent
retry_files_enabled = false
"""

HOSTS = """
all:
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  hosts:
    one:
    two:
"""

VARIABLES = """
hasivu_environment: sandbox
record_signing_key: "{{ lookup('ansible.builtin.env', 'HASIVU_PLAY_HOME') }}/sandbox/credentials/record_ed25519"
a_password: sesame-open-42
out_of_reach: "{{ lookup('ansible.builtin.file', '/nowhere') }}"
secret_variables: [a_password, out_of_reach]
"""

ROLE = """
- name: Speak in a role
  ansible.builtin.debug:
    msg: "The password is {{ a_password }}"
  changed_when: true
"""

PLAYBOOK = """
- name: Try what a record holds
  hosts: "{{ hosts | default('one') }}"
  gather_facts: false
  vars:
    runbook:
      id: tiny
      title: A tiny procedure
      risk: safe
      abort_after_minutes: 5
      inputs:
        mode: {type: str, default: well}
        other: {type: str}
  tasks:
    - name: Do it all
      block:
        - name: Refuse when it is not safe
          tags: [guard]
          block:
            - name: Refuse without a record
              ansible.builtin.assert:
                that: hasivu_record_error is not defined
                fail_msg: "{{ hasivu_record_error | default('') }}"
            - name: Refuse the mode refused
              ansible.builtin.assert: {that: mode != 'refused', fail_msg: Not now.}
        - name: Try something that may fail
          block:
            - name: Fail softly
              ansible.builtin.fail: {msg: A soft failure.}
              when: mode == 'rescued'
          rescue:
            - name: Make good what failed softly
              ansible.builtin.debug: {msg: Good again.}
        - name: Call a role
          ansible.builtin.include_role: {name: speak}
        - name: Go through a loop
          ansible.builtin.debug: {msg: "{{ item }}"}
          loop: [first, second]
        - name: Say {{ hasivu_run.id | length > 20 }}
          ansible.builtin.debug: {msg: "{{ hasivu_run }}"}
        - name: Wait to be killed
          ansible.builtin.command: {argv: [sleep, "60"]}
          changed_when: false
          when: mode == 'killed'
        - name: Fill the disk
          ansible.builtin.debug: {msg: "{{ 'x' * 20000 }}"}
          loop: "{{ range(12) | list }}"
          when: mode == 'full'
        - name: Hide the result
          ansible.builtin.debug: {msg: "sesame-open-42"}
          no_log: true
        - name: Check the finding
          ansible.builtin.assert: {that: mode != 'finding', fail_msg: Found.}
        - name: Fail without a class
          ansible.builtin.fail: {msg: It went wrong.}
          when: mode == 'wrong'
        - name: Fail and be ignored
          ansible.builtin.fail: {msg: It does not matter.}
          ignore_errors: true
      rescue:
        - name: Stop and say why
          ansible.builtin.fail: {msg: "{{ ansible_failed_task.name }} failed."}
      always:
        - name: Run whatever happens
          ansible.builtin.debug: {msg: "postgresql://hasivu:hunter2@db/hasivu"}
"""


@dataclass(frozen=True)
class Project:
    """The project's folder, with a state folder inside."""

    root: Path

    @property
    def home(self) -> Path:
        """Return the state folder."""
        return self.root / "home"

    def environment(self) -> dict[str, str]:
        """Return the environment in which Ansible finds project and state folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        path = f"{Path(sys.executable).parent}:{kept['PATH']}"
        own = {"HASIVU_PLAY_HOME": str(self.home), "ANSIBLE_CONFIG": str(self.root / "ansible.cfg"), "PATH": path}
        return {**kept, **own}

    def command(self, *options: str) -> list[str]:
        """Return the command line of a bare ansible-playbook, to be run in this project's environment."""
        return [str(Path(sys.executable).with_name("ansible-playbook")), "playbooks/tiny.yml", *options]

    def play(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the playbook to its end."""
        return subprocess.run(
            self.command(*options), cwd=self.root, env=self.environment(), capture_output=True, text=True, check=False
        )

    def folders(self) -> list[Path]:
        """Return the folders of all records."""
        return sorted((self.home / "runs").iterdir()) if (self.home / "runs").is_dir() else []

    def manifest(self) -> dict[str, Any]:
        """Return the manifest of the newest run."""
        found: dict[str, Any] = json.loads((self.folders()[-1] / "manifest.json").read_text())
        return found

    def events(self) -> list[dict[str, Any]]:
        """Return the lines of the newest record."""
        return [json.loads(line) for line in (self.folders()[-1] / "record.jsonl").read_text().splitlines()]


def write_project(root: Path) -> Project:
    """Write the project."""
    files = {
        "ansible.cfg": CONFIGURATION,
        "inventory/sandbox/hosts": HOSTS,
        "inventory/sandbox/group_vars/all/main.yml": VARIABLES,
        "roles/speak/tasks/main.yml": ROLE,
        "playbooks/tiny.yml": PLAYBOOK,
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    make_key(root / "home" / "sandbox" / "credentials" / "record_ed25519")
    return Project(root)
