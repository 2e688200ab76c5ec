# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Record every run of a procedure, whichever program launched it."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: record
type: notification
short_description: Writes a sealed record of each run of a procedure
version_added: 1.0.0
description:
  - Writes the record of each playbook whose first play holds the variable C(runbook), and of no other.
  - The record is a folder of its own under C($HASIVU_PLAY_HOME/runs). C(record.jsonl) holds a line for each event,
    with the hash of the line before; C(manifest.json) holds the hash of each file; C(manifest.json.sig) signs it.
  - Sets the extra variable C(hasivu_run), from which steps learn the id of the run and the files to share with it.
  - When there can be no record, sets C(hasivu_record_error) instead, so that a guard can refuse to start.
  - Values of the variables named in C(secret_variables) are replaced wherever they appear.
requirements:
  - enabled by C(callbacks_enabled = hasivu.ops.record) in ansible.cfg
  - cryptography, to sign
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

import atexit
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.hasivu.ops.plugins.module_utils import record, record_closing, record_line
from ansible_collections.hasivu.ops.plugins.module_utils.record_result import outcome_of
from ansible_collections.hasivu.ops.plugins.module_utils.record_run import (
    FORWARD,
    NoRecordError,
    Run,
    beginning,
    checked_id,
    new_id,
    previous_report,
    runs_directory,
)
from ansible_collections.hasivu.ops.plugins.module_utils.record_secrets import Masker
from ansible_collections.hasivu.ops.plugins.plugin_utils.record_play import Scene

Method = Callable[..., None]


def recorded(method: Method) -> Method:
    """Make a callback method break the record, and never Ansible, when it fails."""

    @functools.wraps(method)
    def guarded(self: CallbackModule, *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except NoRecordError as error:
            self.broke(str(error))
        except Exception as error:  # whatever it is, a step that stands in no record must not go unnoticed
            self.broke(f"The record missed an event ({type(error).__name__}: {error}). Report this, then run again.")

    return guarded


class CallbackModule(CallbackBase):
    """Hands what happens in a playbook with a `runbook` to its record."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "hasivu.ops.record"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        """Begin without a run."""
        super().__init__()
        self.run: Run | None = None
        self.playbook = Path()
        self.process = os.getpid()
        atexit.register(self.abandon)

    @recorded
    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Remember the playbook; whether it gets a record, its first play tells."""
        self.run = None
        self.playbook = Path(playbook._file_name).resolve()
        record.mark_whole()

    @recorded
    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Begin a record with the first play that has a header."""
        if self.run is None and "runbook" in play.vars and not record.broken():
            self.begin(Scene(play, self.playbook))
        if self.run:
            self.run.play_started(play.get_name())

    def begin(self, scene: Scene) -> None:
        """Open the record and tell the steps about it, or tell them that there is none."""
        scene.extra_vars.pop("hasivu_run", None)
        try:
            record_closing.close_interrupted(runs_directory())
            self.run = opened(scene)
        except NoRecordError as error:
            scene.extra_vars["hasivu_record_error"] = str(error)
            self.broke(str(error))
        except Exception as error:  # whatever it is, a run without a record must be refused
            sentence = f"The record could not be begun ({type(error).__name__}: {error}). Mend that, then run again."
            scene.extra_vars["hasivu_record_error"] = sentence
            self.broke(sentence)

    def broke(self, sentence: str) -> None:
        """Say that the record broke, to the operator now and to the next changing step."""
        record.mark_broken(sentence)
        self._display.warning(sentence)

    @recorded
    def v2_playbook_on_no_hosts_matched(self) -> None:
        """Remember that nothing was done."""
        if self.run:
            self.run.no_hosts = True

    @recorded
    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Write ahead that a step begins."""
        if self.run:
            self.run.step_started(task)

    @recorded
    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """Write ahead that a handler begins."""
        if self.run:
            self.run.step_started(task, handler=True)

    @recorded
    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        """Start the clock of a host."""
        if self.run:
            self.run.host_started(task, host.get_name())

    @recorded
    def v2_runner_on_ok(self, result: Any) -> None:
        """Write that a step went well."""
        self.finished(result, "changed" if result.is_changed() else "ok")

    @recorded
    def v2_runner_on_skipped(self, result: Any) -> None:
        """Write that a step was not needed."""
        self.finished(result, "skipped")

    @recorded
    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Write that a step failed."""
        self.finished(result, "ignored" if ignore_errors else "failed")

    @recorded
    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Write that a host did not answer."""
        self.finished(result, "ignored" if result.task.ignore_unreachable else "unreachable")

    @recorded
    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Write that one item of a loop went well."""
        self.item_finished(result, outcome_of(result.result))

    @recorded
    def v2_runner_item_on_failed(self, result: Any) -> None:
        """Write that one item of a loop failed."""
        self.item_finished(result, "failed")

    @recorded
    def v2_runner_item_on_skipped(self, result: Any) -> None:
        """Write that one item of a loop was not needed."""
        self.item_finished(result, "skipped")

    @recorded
    def v2_runner_retry(self, result: Any) -> None:
        """Write that a step is tried again."""
        if self.run:
            self.run.tried_again(result.task, result.host.get_name(), result.result)

    @recorded
    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Write how the run ended, and seal its record."""
        if self.run:
            run, self.run = self.run, None
            run.finish(sorted({*stats.failures, *stats.dark}))

    def finished(self, result: Any, outcome: str) -> None:
        """Write how a step ended on a host."""
        if self.run:
            self.run.step_finished(result.task, result.host.get_name(), outcome, result.result)

    def item_finished(self, result: Any, outcome: str) -> None:
        """Write how one item of a loop ended."""
        if self.run:
            item = self._get_item_label(result.result)
            self.run.item_finished(result.task, result.host.get_name(), item, outcome, result.result)

    def abandon(self) -> None:
        """Close the record when Ansible ends early, after Ctrl-C or an error of its own; a worker leaves it alone."""
        if self.run and os.getpid() == self.process:
            self.run.abandon()


def opened(scene: Scene) -> Run:
    """Open the record of a run, write its first line, and hand its names to the steps.

    Raises:
        NoRecordError: The record cannot be opened.
    """
    refuse_parts(scene)
    runs, extra_vars, masker = runs_directory(), scene.extra_vars, Masker()
    resumes = str(extra_vars.get("hasivu_resumes") or "")
    unprotected = scene.learn_secrets(masker)
    fields = scene.describe()
    started = record_line.times()["at"]
    name = str(extra_vars.get("hasivu_run_id") or new_id(fields["procedure"], fields["environment"]))
    direction = str(extra_vars.get("hasivu_direction") or FORWARD)
    begun = beginning(runs, name, resumes, started, direction)
    run = Run(runs / checked_id(name), masker, scene.project)
    run.start(run=name, resumes=resumes, direction=direction, **begun, secrets_not_looked_up=unprotected, **fields)
    extra_vars["hasivu_run"] = {
        **run.names(),
        **begun,
        "started": started,
        "resumes": resumes,
        "direction": direction,
        "previous_report": previous_report(runs, fields["procedure"], fields["environment"]),
        "pid": fields["who"]["pid"],
        "operator": operator(fields["who"]),
    }
    return run


def refuse_parts(scene: Scene) -> None:
    """Refuse to record a change of which the command line leaves steps out, for its guards are steps too.

    Raises:
        NoRecordError: It does; without a record no step of ours begins.
    """
    chosen = [] if scene.rehearsal else scene.left_out()
    if chosen:
        raise NoRecordError(
            f"{', '.join(chosen)} would leave out steps, and guards are steps. Run the whole procedure."
        )


def operator(who: dict[str, Any]) -> str:
    """Return who started the run and where, for whoever meets its lock."""
    return f"{who['sudo_user'] or who['login_user'] or who['user']}@{who['host']}"
