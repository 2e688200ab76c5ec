"""The commands that compare records and take them elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hasivu_play.cli_options import environment_option, json_option, project_of
from hasivu_play.console import as_json
from hasivu_play.errors import FindingError, UsageError

if TYPE_CHECKING:
    from hasivu_play.project import Project
    from hasivu_play.records import Run


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
@click.argument("run_ids", metavar="[RUN]...", nargs=-1)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="File to write.")
@click.option("--to", "place", type=click.Choice(["s3"]), help="Keep each run in the bucket that the inventory names.")
@environment_option
@json_option
@click.pass_context
def export_command(
    ctx: click.Context,
    run_ids: tuple[str, ...],
    output: Path | None,
    place: str | None,
    environment: str,
    json_wanted: bool,
) -> None:
    """Write the records of RUN into one archive FILE, which ends in .tar.gz, or into S3 with Object Lock.

    `--to s3` without RUN keeps every run of an environment that was not exported yet. Records that do not verify are
    exported as they are, and named.
    """
    if (output is None) == (place is None):
        raise UsageError("Say where the records go. Give either -o FILE or --to s3.")
    if output is not None and not run_ids:
        raise UsageError("Say which records go into the file. See them with: hasivu-play runs list")
    if output is not None:
        to_file(run_ids, output, json_wanted=json_wanted)
    else:
        to_bucket(project_of(ctx), run_ids, environment, json_wanted=json_wanted)


def to_file(run_ids: tuple[str, ...], output: Path, *, json_wanted: bool) -> None:
    """Export into one file."""
    from hasivu_play.records import load, verify
    from hasivu_play.records_export import export

    runs = list(map(load, dict.fromkeys(run_ids)))
    digest = export(runs, output)
    wrong = {run.id: problems for run in runs if (problems := verify(run).problems)}
    told = {"file": str(output), "sha256": digest, "runs": [run.id for run in runs], "problems": wrong}
    click.echo(as_json(told) if json_wanted else f"{digest}  {output}")
    if wrong:
        raise FindingError(f"{', '.join(wrong)} was exported as it is, and could not be verified. Find out why.")


def to_bucket(project: Project, run_ids: tuple[str, ...], environment: str, *, json_wanted: bool) -> None:
    """Export into the bucket of the environment, run by run; what was done is told even when S3 fails half-way."""
    from hasivu_play.records_settings import bucket_of
    from hasivu_play.records_upload import Upload, upload

    runs = runs_to_keep(run_ids, environment)
    bucket = bucket_of(project, runs[0].environment if runs else environment)
    done: list[Upload] = []
    try:
        for run in runs:
            done.append(upload(run, bucket))
            if not json_wanted:
                click.echo(done[-1].in_words())
    finally:
        if json_wanted:
            click.echo(as_json([asdict(one) for one in done]))
    if not runs and not json_wanted:
        click.echo(f"Every run of {environment} that has ended is in {bucket.archive.bucket}.")
    if wrong := [one.run for one in done if one.problems]:
        raise FindingError(f"Something is wrong with {', '.join(wrong)}; see above. Find out why.")


def runs_to_keep(run_ids: tuple[str, ...], environment: str) -> list[Run]:
    """Return the runs that were named, or those of an environment that were not exported yet."""
    from hasivu_play.records import load
    from hasivu_play.records_upload import missing

    if not run_ids:
        return missing(environment)
    runs = list(map(load, dict.fromkeys(run_ids)))
    environments = sorted({run.environment for run in runs})
    if len(environments) > 1:
        raise UsageError(f"These are runs of {' and '.join(environments)}. Export those of one environment at a time.")
    return runs
