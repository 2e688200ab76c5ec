"""What is missing in the inventory of an environment, or still a placeholder there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hasivu_play.doctor_archive import check_archive
from hasivu_play.doctor_backups import check_backups
from hasivu_play.doctor_calendar import check_calendar
from hasivu_play.doctor_check import Check
from hasivu_play.doctor_content import check_content
from hasivu_play.doctor_reach import check_reach
from hasivu_play.home import home
from hasivu_play.project import Project

DECLARED: dict[str, str] = json.loads((Path(__file__).with_name("data") / "inventory.json").read_text(encoding="utf-8"))
FILES = (
    *("kubernetes_kubeconfig", "database_sslrootcert", "database_proxy_sslrootcert"),
    *("certificates_ca_bundle", "record_signing_key"),
)
PROOF = ("record_archive", "hasivu_environment", "policy", "project_signers")
PUBLIC = (*FILES, *PROOF, "database_sslmode", "kubernetes_context", "aws_environment", "aws_region", "pagerduty_url")
PLACEHOLDER = re.compile(
    r"123456789012|NEW_PASSWORD|NEW_CONNECTION_STRING|CHANGE_?ME|REPLACE|PLACEHOLDER|2024-01-01|hasivu-production-snapshot"
    r"|\bexample\.(?:com|org|net|in)\b|\bTODO\b|\bTBD\b|0{8}-0{4}",
    re.IGNORECASE,
)
SECONDS = 60


def check_environment(project: Project, inventory: Path, parts: dict[str, Any] | None) -> Iterator[Check]:
    """Look at the inventory, at the files that it names, and at the parts of the sandbox where that is meant."""
    if parts is not None:
        yield from check_sandbox(parts)
    host, variables, problem = read_variables(project, inventory)
    if problem:
        yield Check("inventory", ok=False, says=problem, mend=f"Mend {inventory}.")
        return
    yield Check("inventory", ok=True, says=f"{inventory}, host {host}")
    yield from check_variables(variables, inventory)
    yield from check_backups(variables)
    yield from check_calendar(project, variables)
    if parts is None or parts:
        resolved, problem = resolve(project, inventory, host, [name for name in PUBLIC if variables.get(name)])
        if problem:
            yield Check("lookups", ok=False, says=problem, mend=f"Mend the lookups in {inventory}/group_vars/all.")
        yield from check_files(resolved)
        if not problem:
            yield check_content(project.root, resolved)
            yield from check_archive(resolved)
        if parts is None:
            yield from check_reach(resolved)
            yield check_signers(inventory / "allowed_signers")


def check_variables(variables: dict[str, Any], inventory: Path) -> Iterator[Check]:
    """Look for variables that are missing or placeholders; an empty list or mapping is somebody's choice."""
    place = f"{inventory}/group_vars/all"
    missing = [name for name in DECLARED if variables.get(name) in (None, "")]
    for name, meaning in DECLARED.items():
        if name in missing:
            yield Check(name, ok=False, says="is missing", mend=f"Set it to {meaning} in {place}.")
    for name in sorted(variables):
        for found in placeholders(variables[name]):
            mend = f"Set it to {DECLARED.get(name, 'its real value')} in {place}."
            yield Check(name, ok=False, says=f"still holds the placeholder '{found}'", mend=mend)
    if not missing:
        yield Check("variables", ok=True, says=f"all {len(DECLARED)} are set")


def placeholders(value: Any) -> list[str]:
    """Return the placeholders in a value and in what it holds."""
    if isinstance(value, dict):
        return [found for item in value.values() for found in placeholders(item)]
    if isinstance(value, list):
        return [found for item in value for found in placeholders(item)]
    return PLACEHOLDER.findall(str(value)) if isinstance(value, str | int) else []


def check_files(variables: dict[str, Any]) -> Iterator[Check]:
    """Look whether the files exist that the inventory names."""
    for name in FILES:
        path = str(variables.get(name) or "")
        if not path or (name == "database_sslrootcert" and variables.get("database_sslmode") == "disable"):
            continue
        exists = Path(path).expanduser().is_file()
        says = path if exists else f"the file '{path}' does not exist"
        yield Check(name, exists, says, f"Put it there, or change {name}.")


def check_signers(path: Path) -> Check:
    """Look for the keys against which records and approvals are checked."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    real = [line for line in lines if not line.lstrip().startswith("#") and not PLACEHOLDER.search(line)]
    keys = [
        line for line in real if re.search(r"\b(?:ssh-ed25519|ssh-rsa|ecdsa-\S+|sk-\S+) AAAA[A-Za-z0-9+/]{40,}", line)
    ]
    says = f"keys: {len(keys)} in {path}" if keys else f"no key in {path}"
    return Check("allowed_signers", bool(keys), says, "Add a line for each person: NAME ssh-ed25519 KEY.")


def check_sandbox(parts: dict[str, Any]) -> Iterator[Check]:
    """Look at the parts of the sandbox; one that was never started is no fault."""
    if not parts:
        yield Check("sandbox", ok=True, says="not started yet; the first run starts it")
    for part, state in parts.items():
        says = "answers" if state["healthy"] else "does not answer"
        yield Check(f"sandbox {part}", bool(state["healthy"]), says, "Run: hasivu-play sandbox up")


def read_variables(project: Project, inventory: Path) -> tuple[str, dict[str, Any], str]:
    """Return a host of the environment and its variables as they stand, lookups not done, or what went wrong."""
    done = ansible(project, "ansible-inventory", "--inventory", str(inventory), "--list")
    if done.returncode:
        return "", {}, first_line(done)
    hosts: dict[str, dict[str, Any]] = json.loads(done.stdout).get("_meta", {}).get("hostvars", {})
    for host, variables in hosts.items():
        return host, variables, ""
    return "", {}, "The inventory has no host."


def resolve(project: Project, inventory: Path, host: str, names: list[str]) -> tuple[dict[str, Any], str]:
    """Return variables as Ansible resolves them, or what went wrong; none of those asked for is a secret."""
    wanted = "{{ {" + ", ".join(f"'{name}': {name}" for name in names) + "} | to_json }}"
    arguments = ("--inventory", str(inventory), "--module-name", "ansible.builtin.debug", "--args")
    done = ansible(project, "ansible", host, *arguments, json.dumps({"msg": f"resolved={wanted}"}))
    found = re.search(r'"msg": ("resolved=.*")', done.stdout)
    if done.returncode or not found:
        return {}, first_line(done)
    resolved: dict[str, Any] = json.loads(json.loads(found.group(1)).removeprefix("resolved="))
    return resolved, ""


def ansible(project: Project, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's programs as a run would."""
    surroundings = {
        "ANSIBLE_CONFIG": str(project.configuration),
        "HASIVU_PLAY_HOME": str(home()),
        "ANSIBLE_NOCOLOR": "1",
    }
    return subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=project.root,
        env={**os.environ, **surroundings},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def first_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the first line in which Ansible says what went wrong."""
    lines = [line for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or "FAILED" in line]
    return " ".join((errors or lines or ["Ansible said nothing."])[0].split())
