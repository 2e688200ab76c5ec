"""The command that builds the auditors' site."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from hasivu_play.cli_options import json_option, project_of
from hasivu_play.console import as_json, is_terminal, say
from hasivu_play.errors import FindingError


@click.group("site")
def site_group() -> None:
    """Show procedures, calendar, controls and records as pages for auditors."""


@site_group.command("build")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@json_option
@click.pass_context
def build_command(ctx: click.Context, folder: Path, json_wanted: bool) -> None:
    """Write the site into DIR: a new or empty folder, or an older site, which it replaces when it is whole.

    Open DIR/index.html; no server is needed. Ends with 1 when a record does not verify; the site names it.
    """
    from hasivu_play.site.build import build

    built = build(project_of(ctx), folder.resolve(), datetime.now(UTC), tell)
    told = {"folder": str(built.folder), "procedures": built.procedures, "runs": built.runs}
    words = f"Built {built.folder / 'index.html'}: {built.procedures} procedures, {built.runs} runs."
    click.echo(as_json({**told, "unverified": built.unverified}) if json_wanted else words)
    if built.unverified:
        raise FindingError(
            f"{len(built.unverified)} records do not verify, the newest is {built.unverified[0]}. Its page says why."
        )


def tell(done: int, of: int) -> None:
    """Say how far the work is, now and then, to a person who waits."""
    if is_terminal(sys.stderr) and done % 100 == 0:
        say(f"{done} of {of} runs are written.")
