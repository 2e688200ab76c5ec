"""Where the playbooks and the environments are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from hasivu_play.errors import UsageError


@dataclass(frozen=True)
class Project:
    """A folder with playbooks, roles, inventory and ansible.cfg."""

    root: Path

    def procedures(self) -> list[str]:
        """Return the id of every procedure; it is the name of its file."""
        return sorted(path.stem for path in (self.root / "playbooks").glob("*.yml"))

    def environments(self) -> list[str]:
        """Return the name of every environment; it is the name of its folder."""
        folder = self.root / "inventory"
        return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []

    def playbook(self, procedure: str) -> Path:
        """Return the file of a procedure."""
        known = self.procedures()
        if procedure not in known:
            raise UsageError(f"There is no procedure '{procedure}'. {suggestion(procedure, known)}")
        return self.root / "playbooks" / f"{procedure}.yml"

    def inventory(self, environment: str) -> Path:
        """Return the inventory folder of an environment."""
        known = self.environments()
        if environment not in known:
            raise UsageError(f"There is no environment '{environment}'. Choose from: {', '.join(known)}.")
        return self.root / "inventory" / environment

    def mentions(self, environment: str, variable: str) -> bool:
        """Tell whether an inventory mentions a variable; to ask Ansible for its value takes a second."""
        files = (path for path in self.inventory(environment).rglob("*") if path.is_file())
        return any(variable in path.read_text("utf-8", "replace") for path in files)

    @property
    def configuration(self) -> Path:
        """Return Ansible's configuration file of this project."""
        return self.root / "ansible.cfg"


def installed_project() -> Project:
    """Return the project that was installed with this package: a wheel carries it, a checkout surrounds it."""
    package = Path(__file__).resolve().parent
    carried = package / "_project"
    return Project(carried if carried.is_dir() else package.parent)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the sentence that helps after a name that nobody knows."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Choose from: {', '.join(names)}." if names else "There is none to choose from."
