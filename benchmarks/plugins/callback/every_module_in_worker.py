# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Measured, not shipped: run every module of a local connection inside Ansible's worker, shelf modules too."""

from __future__ import annotations

DOCUMENTATION = r"""
name: every_module_in_worker
type: aggregate
short_description: Run every module of a local connection inside the worker
version_added: 0.1.0
description:
  - Replaces how Ansible executes modules, and loads the module of each step before the worker is forked.
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

import contextlib
import importlib
import io
import os
from typing import Any

from ansible.module_utils.testing import patch_module_args
from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import module_loader

ordinary = ActionBase._execute_module


def execute_module(
    self: Any, module_name: str | None = None, module_args: dict[str, Any] | None = None, **others: Any
) -> dict[str, Any]:
    """Call the module's `main` here, where Ansible would start another Python."""
    name = module_name or self._task.action
    result: dict[str, Any]
    if self._connection.transport != "local" or self._play_context.become:
        result = ordinary(self, name, module_args, **others)
        return result
    arguments = dict(self._task.args if module_args is None else module_args)
    self._update_module_args(name, arguments, others["task_vars"])
    environment: dict[str, str] = {}
    self._compute_environment_string(environment)
    os.environ.update(environment)
    output = io.StringIO()
    with patch_module_args(arguments), contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        load(name).main()
    result = self._parse_returned_data({"stdout": output.getvalue(), "rc": 0}, profile="legacy")
    return result


def load(name: str) -> Any:
    """Import a module by the name that a task gives it, also where its collection has renamed it."""
    collection, _, resolved = module_loader.find_plugin_with_context(name).resolved_fqcn.rpartition(".")
    return importlib.import_module(f"ansible_collections.{collection}.plugins.modules.{resolved}")


class CallbackModule(CallbackBase):
    """Replaces how modules are executed, once, in the process that all workers are forked from."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "every_module_in_worker"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        """Replace it."""
        super().__init__()
        ActionBase._execute_module = execute_module

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Load the module of a step of a collection before the fork."""
        if task.action.count(".") == 2 and not task.action.startswith("ansible."):
            load(task.action)
