"""The command that rehearses a whole project."""

from __future__ import annotations

import os
from pathlib import Path

import click

from hasivu_play.cli_options import (
    SANDBOX,
    complete_procedure,
    environment_option,
    json_option,
    project_of,
)
from hasivu_play.cli_sandbox import start_sandbox
from hasivu_play.console import as_json, counted, say
from hasivu_play.errors import FindingError

DEFAULT_WORKERS = 2 * (os.cpu_count() or 1)  # while one waits for an answer or a scanner, another works


@click.command("rehearse")
@click.argument("procedures", metavar="[ID]...", nargs=-1, shell_complete=complete_procedure)
@environment_option
@click.option(
    "--workers", type=click.IntRange(min=1), help="Rehearse so many at the same time.  [default: two for each CPU]"
)
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a JUnit report.")
@click.option("--markdown", is_flag=True, help="Print a table in Markdown, for the page of a build.")
@click.option("--allow-findings", is_flag=True, help="A finding of a review is listed, and no reason to end with 1.")
@json_option
@click.pass_context
def rehearse_command(
    ctx: click.Context,
    procedures: tuple[str, ...],
    environment: str,
    workers: int | None,
    junit: Path | None,
    markdown: bool,
    allow_findings: bool,
    json_wanted: bool,
) -> None:
    """Rehearse every procedure, or those named, beside each other; nothing is changed.

    Ends with 1 when one does not come to its end or finds something.
    """
    from hasivu_play import rehearse, rehearse_engine, rehearse_report

    def say_how_it_ended(verdict: rehearse.Verdict) -> None:
        say(rehearse_report.ending(verdict))

    project = project_of(ctx)
    chosen = [project.playbook(procedure).stem for procedure in procedures] or project.procedures()
    project.inventory(environment)
    with rehearse_engine.Engine(project) as engine:
        if environment == SANDBOX:
            start_sandbox()
        say(f"Rehearsing {counted(len(chosen), 'procedure')}")
        at_once = workers or DEFAULT_WORKERS
        verdicts = rehearse.rehearse(engine, project, environment, chosen, at_once, progress=say_how_it_ended)
    if junit:
        rehearse_report.write_junit(junit, verdicts, environment, findings_allowed=allow_findings)
    shown = rehearse_report.as_markdown if markdown else rehearse_report.as_text
    as_words = None if json_wanted else shown(verdicts, findings_allowed=allow_findings)
    click.echo(as_words or as_json([verdict.as_dictionary() for verdict in verdicts]))
    if not all(verdict.is_well(findings_allowed=allow_findings) for verdict in verdicts):
        raise click.exceptions.Exit(FindingError.exit_code)
