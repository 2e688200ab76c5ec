# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the record tells of a run before its first step, read from Ansible's play, inventory and command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import constants, context
from ansible.release import __version__ as ansible_version
from ansible.template import Templar
from ansible_collections.hasivu.ops.plugins.module_utils import record_origin
from ansible_collections.hasivu.ops.plugins.module_utils.record_secrets import Masker

OPTIONS = ("check", "diff", "tags", "skip_tags", "subset", "start_at_task", "step", "forks")
NOT_SAID = (None, False, "", [], (), ["all"], ("all",))
LEAVING_OUT = ("tags", "skip_tags", "start_at_task", "step")
OURS = (
    "hasivu_run", "hasivu_run_id", "hasivu_resumes", "hasivu_direction", "hasivu_launcher", "hasivu_record_error",
    "hasivu_shared_scans",
)  # fmt: skip
IN_FIELDS = ("change_ticket", "break_glass", "change_plan")


class Scene:
    """A play with its variables as one host sees them."""

    def __init__(self, play: Any, playbook: Path) -> None:
        """Look the variables up for the first host, or for none when no host matches."""
        self.play = play
        self.playbook = playbook
        self.project = playbook.parent.parent
        self.manager = play.get_variable_manager()
        self.runbook: Mapping[str, Any] = play.vars["runbook"]
        self.hosts = self.manager._inventory.get_hosts(play.hosts)
        self.templar = self.templar_of(self.hosts[0] if self.hosts else None)

    @property
    def extra_vars(self) -> dict[str, Any]:
        """Return the extra variables of the run, which a change here changes for all steps to come."""
        extra_vars: dict[str, Any] = self.manager.extra_vars
        return extra_vars

    @property
    def rehearsal(self) -> bool:
        """Tell whether nothing is to be changed."""
        return bool(context.CLIARGS.get("check"))

    def left_out(self) -> list[str]:
        """Return the options of the command line by which steps may be left out."""
        given = [name for name, value in options().items() if name in LEAVING_OUT and value not in NOT_SAID]
        return [f"--{name.replace('_', '-')}" for name in given]

    def templar_of(self, host: Any) -> Templar:
        """Return what resolves variables as a host sees them."""
        return Templar(loader=self.play.get_loader(), variables=self.manager.get_vars(play=self.play, host=host))

    def variable(self, name: str, otherwise: Any = None) -> Any:
        """Return the value of a variable, or something else when it has none."""
        if name not in self.templar.available_variables:
            return otherwise
        return self.templar.resolve_variable_expression(name)

    def environment(self) -> str:
        """Return the name of the environment that the inventory describes."""
        return str(self.variable("hasivu_environment", "unknown"))

    def signing_key(self) -> str | None:
        """Return the path of the key that signs records here, where there is one."""
        try:
            path = self.variable("record_signing_key")
        except Exception:  # a lookup may raise anything; the manifest then says that it is unsigned
            return None
        return str(path) if path else None

    def learn_secrets(self, masker: Masker) -> list[str]:
        """Teach the masker every secret of every host, and return the names of those that could not be looked up."""
        unknown = set()
        for host in self.hosts or [None]:
            templar = self.templar_of(host)
            for name in templar.available_variables.get("secret_variables") or []:
                try:
                    masker.learn(templar.resolve_variable_expression(str(name)))
                except Exception:  # a lookup may raise anything; the record names what it could not protect
                    unknown.add(str(name))
        return sorted(unknown)

    def describe(self) -> dict[str, Any]:
        """Return the fields of the first line that come from the play and its surroundings."""
        runbook, extra_vars = self.runbook, self.extra_vars
        return {
            "procedure": runbook["id"],
            "title": runbook.get("title"),
            "risk": runbook.get("risk"),
            "environment": self.environment(),
            "check": self.rehearsal,
            "who": {**record_origin.who(), "awx_user": record_origin.awx_user(extra_vars)},
            "launcher": record_origin.launcher(extra_vars),
            "versions": record_origin.versions(ansible_version),
            "digests": self.digests(),
            "options": {name: value for name, value in options().items() if value not in NOT_SAID},
            "inputs": self.inputs(),
            "other_variables": sorted(set(extra_vars) - set(runbook.get("inputs") or {}) - {*OURS, *IN_FIELDS}),
            "ticket": extra_vars.get("change_ticket") or None,
            "break_glass": extra_vars.get("break_glass") or None,
            "plan": record_origin.plan_digest(str(extra_vars.get("change_plan") or "")),
            "abort_after_minutes": runbook.get("abort_after_minutes"),
            "hosts": [host.get_name() for host in self.hosts],
            "signing_key": self.signing_key(),
        }

    def inputs(self) -> dict[str, Any]:
        """Return the declared inputs that were given, and the defaults of the others that have one."""
        declared = self.runbook.get("inputs") or {}
        defaults = {name: option["default"] for name, option in declared.items() if "default" in (option or {})}
        return {**defaults, **{name: self.extra_vars[name] for name in declared if name in self.extra_vars}}

    def digests(self) -> dict[str, Any]:
        """Return the digests of playbook, roles, collection and inventory."""
        roles = [Path(path) for path in constants.DEFAULT_ROLES_PATH or []]
        sources = [Path(source) for source in context.CLIARGS.get("inventory") or () if Path(source).exists()]
        inventory = record_origin.inventory_files(sources)
        return record_origin.digests(self.playbook, [path for path in roles if path.is_dir()], inventory)


def options() -> dict[str, Any]:
    """Return the options of the command line that change what a run does."""
    return {name: context.CLIARGS.get(name) for name in OPTIONS}
