"""The commands that compare records and take them elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from hasivu_play.cli_options import json_option
from hasivu_play.console import as_json
from hasivu_play.errors import FindingError


@click.command("diff")
@click.argument("first", metavar="RUN")
@click.argument("second", metavar="RUN")
@json_option
def diff_command(first: str, second: str, json_wanted: bool) -> None:
    """Compare two runs of one procedure, step by step; the first letters of their ids will do."""
    from hasivu_play.records import load
    from hasivu_play.records_diff import compare

    found = compare(load(first), load(second))
    click.echo(as_json(found.as_dictionary()) if json_wanted else found.as_text())


@click.command("export")
@click.argument("run_ids", metavar="RUN...", nargs=-1, required=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", required=True)
@json_option
def export_command(run_ids: tuple[str, ...], output: Path, json_wanted: bool) -> None:
    """Write the records of RUN into one archive FILE, which ends in .tar.gz; records that do not verify are named."""
    from hasivu_play.records import load, verify
    from hasivu_play.records_export import export

    runs = list(map(load, dict.fromkeys(run_ids)))
    digest = export(runs, output)
    wrong = {run.id: problems for run in runs if (problems := verify(run).problems)}
    told = {"file": str(output), "sha256": digest, "runs": [run.id for run in runs], "problems": wrong}
    click.echo(as_json(told) if json_wanted else f"{digest}  {output}")
    if wrong:
        raise FindingError(f"{', '.join(wrong)} was exported as it is, and could not be verified. Find out why.")
