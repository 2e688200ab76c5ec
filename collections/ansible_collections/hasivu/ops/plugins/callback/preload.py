# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Load in the parent, and keep for all workers, what the worker that Ansible forks for a step would else do alone."""

from __future__ import annotations

DOCUMENTATION = r"""
name: preload
type: aggregate
short_description: Load modules, filters and templates once for all workers
version_added: 0.1.0
description:
  - Each task runs in a worker that Ansible forks. What the parent has imported is warm in all workers that follow,
    so boto3, kubernetes and psycopg are loaded once for a run, and only when a step needs them.
  - Filters and tests are loaded once too, and the code of templates is kept in Ansible's temporary folder of the run.
  - The parent collects no garbage from its first step on, and sets apart what it holds. A collection would write to
    every object, and every worker would copy the memory that it shares with the parent.
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

import contextlib
import gc
import importlib
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import action_loader
from ansible_collections.hasivu.ops.plugins.plugin_utils.templates import load_plugins, share_templates

OURS = "hasivu.ops."


class CallbackModule(CallbackBase):
    """Import the module of each task of ours in the parent."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "hasivu.ops.preload"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Load what each worker would else load for itself, and let what one compiles be there for all."""
        action_loader.get("hasivu.ops.in_worker", class_only=True)
        load_plugins()
        share_templates(Path(constants.DEFAULT_LOCAL_TMP) / "templates")
        gc.disable()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Load what the task needs, and set all that is loaded apart from what the worker will collect."""
        if task.action.startswith(OURS):
            self.load(task)
        gc.freeze()

    def load(self, task: Any) -> None:
        """Import the module of a task, and let it load more for these arguments where it has a `preload`."""
        name = f"ansible_collections.hasivu.ops.plugins.modules.{task.action.removeprefix(OURS)}"
        module = importlib.import_module(name)
        if hasattr(module, "preload"):
            with contextlib.suppress(Exception):  # arguments are not yet templated or checked; the module will say
                module.preload(task.args)
