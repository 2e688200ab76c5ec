"""The steps of a rehearsal run in the process of its playbook; for a run Ansible forks a process for each.

A fork keeps from the next step what a step leaves behind, and costs more than most steps do. In a rehearsal nothing is
changed, each playbook still has a process of its own, and our modules leave behind the environment, which is put back,
and clients of AWS, which serve the credentials of their moment alone. This rests on names within ansible-core that it
does not promise; where they are gone, steps are forked.
"""

from __future__ import annotations

import copy
import gc
from typing import Any

from hasivu_play.environment import environment_kept

NAMES = ("TaskExecutor", "WorkerProcess", "_RawTaskResult", "_task")


def fork_no_steps() -> None:
    """Let this process do its steps itself, where that is possible with this version of ansible-core."""
    from ansible.executor.process import worker

    if all(hasattr(worker, name) for name in NAMES):
        worker.WorkerProcess.start = do


def do(process: Any) -> None:
    """Do the step for which Ansible would start this process, and send what came of it where that would send it.

    The step, its variables and its host are copies, as they would be after a fork.
    """
    from ansible.executor.process import worker

    task = process._task.copy(exclude_parent=True)
    task._parent = process._task._parent
    gc.disable()
    gc.freeze()  # a module lets garbage be collected, and what the playbook holds is none
    with environment_kept(), worker._task.TaskContext(task):
        outcome = worker.TaskExecutor(
            process._host,
            task,
            dict(process._task_vars),
            process._play_context.copy(),
            process._loader,
            process._shared_loader_obj,
            process._final_q,
            process._variable_manager,
        ).run()
    host = copy.copy(process._host)
    host.vars, host.groups = {}, []
    result = worker._RawTaskResult(host=host, task=task, return_data=outcome, task_fields=task.dump_attrs())
    process._final_q.send_task_result(result)
