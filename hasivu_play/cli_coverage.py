"""The command that follows the manual: which steps do its work, and what a new revision touches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hasivu_play.cli_options import json_option, project_of
from hasivu_play.console import as_json, say
from hasivu_play.errors import FindingError

if TYPE_CHECKING:
    from hasivu_play.project import Project


@click.command("coverage")
@click.option(
    "--manual",
    "revision",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Compare with this revision of the manual instead.",
)
@click.option(
    "--register",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="With --manual: write what the project keeps of that revision.",
)
@json_option
@click.pass_context
def coverage_command(ctx: click.Context, revision: Path | None, register: Path | None, json_wanted: bool) -> None:
    """Show which steps do the work of each command block of the manual.

    Ends with 1 when a block has neither a step nor a line in the list of blocks not yet covered, when a header says
    what is not so, or with --manual when the revision differs.
    """
    if register is not None and revision is None:
        raise click.UsageError("--register writes what --manual reads. Give both.")
    if revision is None:
        show_coverage(project_of(ctx), json_wanted=json_wanted)
    else:
        show_changes(project_of(ctx), revision, register, json_wanted=json_wanted)


def show_coverage(project: Project, *, json_wanted: bool) -> None:
    """Print the coverage, and end with a finding when something about it is untrue."""
    from hasivu_play.coverage import load_not_yet_covered, read_procedures, rows
    from hasivu_play.coverage_check import problems
    from hasivu_play.coverage_view import as_dictionary, as_page
    from hasivu_play.manual import load_register

    manual, procedures, listed = load_register(), read_procedures(project), load_not_yet_covered()
    found = rows(manual, procedures, listed)
    wrong = problems(manual, procedures, found, listed)
    shown: Any = as_dictionary(manual, procedures, found, wrong) if json_wanted else None
    click.echo(as_json(shown) if json_wanted else as_page(manual, found, wrong))
    if wrong:
        raise FindingError(f"The coverage of the manual is wrong at {len(wrong)} places. Mend them in the order shown.")


def show_changes(project: Project, revision: Path, register: Path | None, *, json_wanted: bool) -> None:
    """Print what a revision says otherwise, and end with a finding when it does."""
    from hasivu_play.coverage import load_not_yet_covered, read_procedures
    from hasivu_play.manual import load_register, write_register
    from hasivu_play.manual_revision import compare
    from hasivu_play.manual_revision_view import as_dictionary, as_page
    from hasivu_play.manual_text import read_manual

    old, new = load_register(), read_manual(revision)
    changes = compare(old, new, read_procedures(project), load_not_yet_covered())
    click.echo(as_json(as_dictionary(old, new, changes)) if json_wanted else as_page(old, new, changes))
    if register is not None:
        write_register(new, register)
        say(f"Wrote {register}. Now mend the headers until `hasivu-play coverage` finds nothing.")
    if changes:
        raise FindingError(f"The revision differs at {len(changes)} places. Look at the procedures that it touches.")
