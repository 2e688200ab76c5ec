"""The table of lifecycles of the sandbox: the shipped lines, dated on the day of its first start."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from hasivu_play.project import installed_project
from hasivu_play.sandbox.layout import Layout, write_private

SHIPPED = Path("roles") / "runtime_review" / "files" / "lifecycles.yml"
AS_OF = re.compile(r'^as_of: ".*"$', re.MULTILINE)


def make_lifecycles(layout: Layout) -> None:
    """Write the table, unless the sandbox has one."""
    path = layout.root / "lifecycles.yml"
    if not path.exists():
        shipped = (installed_project().root / SHIPPED).read_text(encoding="utf-8")
        write_private(path, AS_OF.sub(f'as_of: "{datetime.now(UTC):%Y-%m-%d}"', shipped))
