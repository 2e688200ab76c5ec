"""A project in production whose one procedure changes a file, and the people who approve that."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import plan_document, signature

from support.recording import make_key

ROOT = Path(__file__).parents[2]
PEOPLE = ("asha@hasivu", "bala@hasivu", "runner@hasivu")

CONFIGURATION = f"""[defaults]
inventory = inventory/production
collections_path = {ROOT / "collections"}
callbacks_enabled = hasivu.ops.record
retry_files_enabled = false
"""

HOSTS = """
all:
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  hosts:
    painter:
"""

VARIABLES = """
hasivu_environment: production
record_signing_key: "{{ inventory_dir | dirname | dirname }}/keys/records"
allowed_signers: "{{ inventory_dir }}/allowed_signers"
operators: {OPERATOR: runner@hasivu}
wall: "{{ inventory_dir | dirname | dirname }}/wall"
policy:
  requires:
    disruptive: [one_approval]
  inputs_require:
    paint: {coats: [two_approvals]}
  plan_hours: 24
  rehearsal_minutes: 15
"""

PLAYBOOK = """
- name: Paint the wall
  hosts: painter
  gather_facts: false
  vars:
    runbook:
      id: paint
      title: Paint the wall
      purpose: A wall of another colour.
      source: HASIVU Operations Manual 1.0, House, 1. Walls
      owner: Operations Team <ops@hasivu.edu.in>
      schedule: {on_demand: true}
      expected_minutes: 1
      abort_after_minutes: 2
      risk: disruptive
      impact: The wall is wet.
      rollback: Paint it again.
      inputs:
        colour: {type: str, default: blue, description: Colour of the wall.}
        coats: {type: int, default: 1, description: How often it is painted.}
        spill: {type: bool, default: false, description: Whether the paint is spilled.}
      controls: []
      departures: []
      resources: [wall/house]
  tasks:
    - name: Refuse to start when it is not safe
      tags: [guard]
      block:
        - name: Refuse inputs that the procedure does not take
          hasivu.ops.validate_inputs: {specification: "{{ runbook.inputs }}"}
          register: inputs
        - name: Refuse a change that nobody else approved
          hasivu.ops.change_approval:
            runbook: "{{ runbook }}"
            inputs: "{{ inputs }}"
            policy: "{{ policy }}"
            environment_name: "{{ hasivu_environment }}"
            plan: "{{ change_plan | default('') }}"
            break_glass: "{{ break_glass | default('') }}"
            run: "{{ hasivu_run }}"
            signers: "{{ allowed_signers }}"
            operators: "{{ operators }}"
            project: "{{ playbook_dir | dirname }}"
    - name: Paint it
      ansible.builtin.lineinfile: {path: "{{ wall }}", regexp: "^colour", line: "colour {{ inputs.colour }}"}
      diff: true
    - name: Clean up
      ansible.builtin.fail: {msg: Paint is spilled.}
      when: not ansible_check_mode and inputs.spill and 'mopped' not in lookup('file', wall)
"""


@dataclass(frozen=True)
class House:
    """The project's folder, with the state folder and the keys of people inside."""

    root: Path

    @property
    def home(self) -> Path:
        """Return the state folder."""
        return self.root / "home"

    @property
    def wall(self) -> Path:
        """Return the file that the procedure changes."""
        return self.root / "wall"

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment in which Ansible finds project and state folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        own = {"HASIVU_PLAY_HOME": str(self.home), "ANSIBLE_CONFIG": str(self.root / "ansible.cfg")}
        return {**kept, **own, "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}"}

    def play(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call hasivu-play for this project."""
        launch = (
            "from pathlib import Path\nfrom hasivu_play.cli import main\nfrom hasivu_play.project import Project\n"
            f"main(obj=Project(Path({str(self.root)!r})), prog_name='hasivu-play')"
        )
        return self.call([sys.executable, "-c", launch, *arguments])

    def bare(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the playbook without the driver."""
        return self.call([str(Path(sys.executable).with_name("ansible-playbook")), "playbooks/paint.yml", *options])

    def call(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        return subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, timeout=180
        )

    def key(self, person: str) -> Path:
        """Return the private key of a person."""
        return self.root / "keys" / person

    def manifest(self) -> dict[str, Any]:
        """Return the manifest of the newest run."""
        folder = max((self.home / "runs").iterdir(), key=lambda path: (path / "record.jsonl").stat().st_mtime_ns)
        found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
        return found

    def sign(self, plan: Path, person: str, name: str = "") -> Path:
        """Sign a plan beside it as a person."""
        armored = signature.sign(signature.load_key(str(self.key(person))), plan.read_bytes(), "hasivu-play")
        path = plan.with_name(f"{plan.name}.{name or person}.sig")
        path.write_text(armored)
        return path

    def plan(self, *inputs: str, name: str = "plan.json") -> Path:
        """Make a plan."""
        path = self.root / name
        done = self.play("plan", "paint", "--env", "production", "-o", str(path), *inputs)
        assert done.returncode == 0, done.stdout + done.stderr
        return path


def changed_plan(plan: Path, path: Path, **fields: Any) -> Path:
    """Write a plan of which some fields are others."""
    before = json.loads(plan.read_text())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(plan_document.encode({**before, **fields}))
    return path


def write_house(root: Path) -> House:
    """Write the project, and make a key for everybody."""
    files = {
        "ansible.cfg": CONFIGURATION,
        "inventory/production/hosts": HOSTS,
        "inventory/production/group_vars/all/main.yml": VARIABLES.replace("OPERATOR", getpass.getuser()),
        "playbooks/paint.yml": PLAYBOOK,
        "roles/README": "None.\n",
    }
    house = House(root)
    keys = {person: public(make_key(house.key(person))) for person in (*PEOPLE, "stranger", "records", "gone@hasivu")}
    lines = [f'{person} namespaces="hasivu-play" {keys[person]}' for person in PEOPLE]
    lines.append(f'gone@hasivu namespaces="hasivu-play",valid-before="20250101Z" {keys["gone@hasivu"]}')
    files["inventory/production/allowed_signers"] = "\n".join(lines) + "\n"
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    house.wall.write_text("colour red\n")
    return house


def public(key: Path) -> str:
    """Return the public half of a key, without comment."""
    return " ".join(key.with_suffix(".pub").read_text().split()[:2])
