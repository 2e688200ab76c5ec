"""Templates made into pages: every value is escaped, and the same values give the same page."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_page import tone
from ansible_collections.hasivu.ops.plugins.module_utils.report_template import STYLE
from ansible_collections.hasivu.ops.plugins.module_utils.report_template_trend import TREND
from ansible_collections.hasivu.ops.plugins.module_utils.report_values import shown
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined

from hasivu_play.schedule_slot import INDIA
from hasivu_play.site.addresses import anchor

HERE = Path(__file__).parent
TONES = {"done": "good", "ok": "good", "changed": "good", "finding": "warn", "skipped": "soft", "running": "soft"}


class Renderer:
    """Writes pages into a folder."""

    def __init__(self, folder: Path, common: dict[str, Any]) -> None:
        """Prepare the templates; `common` is what every page may use."""
        own = FileSystemLoader(HERE / "templates")
        self._environment = Environment(
            loader=ChoiceLoader([own, DictLoader({"trend.html": TREND})]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        filters = {"shown": shown, "tone": tone, "state_tone": state_tone, "india": india, "words": words}
        self._environment.filters.update(**filters, anchor=anchor)
        self._environment.globals.update(common)
        self._folder = folder

    def page(self, name: str, template: str, **values: Any) -> None:
        """Write a page; `root` leads from it to the folder of the site."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = self._environment.get_template(template).render(root="../" * name.count("/"), here=name, **values)
        path.write_text(text, encoding="utf-8")

    def assets(self) -> None:
        """Write the style and the script that the pages share."""
        own = HERE / "assets"
        (self._folder / "style.css").write_text(STYLE + (own / "site.css").read_text("utf-8"), "utf-8")
        shutil.copyfile(own / "site.js", self._folder / "site.js")


def india(moment: str | datetime | None, form: str = "%d %b %Y %H:%M") -> str:
    """Return a moment as India's clocks show it."""
    if not moment:
        return ""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return format(at.astimezone(INDIA), form)


def words(state: str | None) -> str:
    """Return a state without its underscores."""
    return str(state or "unfinished").replace("_", " ")


def state_tone(state: str | None) -> str:
    """Return the colour of a state or an outcome; its word always stands beside it."""
    return TONES.get(str(state), "bad")
