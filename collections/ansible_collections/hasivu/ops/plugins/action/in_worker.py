# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a module inside Ansible's worker, and no step after a stop was asked for.

Why not the ordinary way: packing a module, starting a second Python and importing boto3 or psycopg there costs half a
second to a second and a half for each step. Ansible forks a worker for each task, so a module that only talks to APIs
can run in it as it stands: nothing of it outlives the task, and the libraries that the parent loaded are warm.
`meta/runtime.yml` routes our modules here. On a connection that is not local, or when the variable `modules_in_worker`
is false, a module runs the ordinary way.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.module_utils.testing import patch_module_args
from ansible.plugins.action import ActionBase
from ansible.utils.vars import merge_hash
from ansible_collections.hasivu.ops.plugins.module_utils import record, rehearsal
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import stop_requested


class ActionModule(ActionBase):
    """The action of every module of this collection."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module of the task and return its result."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        reason = self._reason_to_stop(task_vars)
        if reason:
            return merge_hash(
                result, {"failed": True, "stop": "resumable", "msg": f"Stopped before this step: {reason}"}
            )
        if self._runs_in_worker(task_vars):
            return merge_hash(result, self._run_in_worker(task_vars))
        result = merge_hash(result, self._execute_module(task_vars=task_vars))
        self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _reason_to_stop(self, task_vars: dict[str, Any]) -> str | None:
        """Return why the run must not go on; steps of `rescue` and `always` are how a run ends, so they go on."""
        if is_closing(self._task):
            return None
        run = task_vars.get("hasivu_run") or {}
        return record.broken() or stop_requested(run.get("stop_file"))

    def _runs_in_worker(self, task_vars: dict[str, Any]) -> bool:
        """Tell whether the module may run here: on the control node, as this user, and not in the background."""
        wanted = self._templar.template(task_vars.get("modules_in_worker", True))
        return boolean(wanted, strict=False) and self._connection.transport == "local" and not self._play_context.become

    def _run_in_worker(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Call the module's `main` with its arguments, in the environment that the task asks for."""
        arguments = dict(self._task.args)
        self._update_module_args(self._task.action, arguments, task_vars)
        environment: dict[str, str] = {}
        self._compute_environment_string(environment)
        os.environ.update(environment)
        rehearsal.begin(self._task.check_mode)
        gc.enable()  # the parent collects nothing, and a module may work for an hour
        output = call_main(self._task.action, arguments)
        return self._parse_returned_data({"stdout": output, "rc": 0}, profile="legacy")


def is_closing(task: Any) -> bool:
    """Tell whether a task belongs to the `rescue` or `always` part of a block, at any depth."""
    child, parent = task, task._parent
    while parent is not None:
        closing = [*getattr(parent, "rescue", ()), *getattr(parent, "always", ())]
        if any(child._uuid == other._uuid for other in closing):
            return True
        child, parent = parent, parent._parent
    return False


def call_main(module_name: str, arguments: dict[str, Any]) -> str:
    """Run `main` of a module named `namespace.collection.module` and return what it printed, which is its result."""
    namespace, collection, name = module_name.split(".")
    module = importlib.import_module(f"ansible_collections.{namespace}.{collection}.plugins.modules.{name}")
    output = io.StringIO()
    with patch_module_args(arguments), contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        module.main()
    return output.getvalue()
