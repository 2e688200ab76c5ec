# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Check the inputs of a procedure against its header. An action, because it looks inputs up among the variables."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.vars import merge_hash
from ansible_collections.hasivu.ops.plugins.module_utils.inputs import InputError, validate


class ActionModule(ActionBase):
    """The action of `validate_inputs`."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the typed value of every input, or fail with a sentence for each that is wrong."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        specification = self._task.args["specification"]
        given = {name: (task_vars or {})[name] for name in specification if name in (task_vars or {})}
        try:
            values = validate(specification, self._templar.template(given))
        except InputError as error:
            return merge_hash(result, {"failed": True, "stop": "bad_input", "msg": " ".join(error.sentences)})
        return merge_hash(result, {"changed": False, **values})
