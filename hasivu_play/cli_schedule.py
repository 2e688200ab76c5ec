"""The commands about time: what starts when, what meets, what was missed, and what starts it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hasivu_play.cli_options import (
    Commands,
    complete_environment,
    complete_procedure,
    environment_option,
    json_option,
    project_of,
    ticket_option,
)
from hasivu_play.console import as_json, say
from hasivu_play.errors import FindingError, UsageError

if TYPE_CHECKING:
    from hasivu_play.header import Header
    from hasivu_play.project import Project

STYLES = ["systemd", "kubernetes", "awx"]


@click.group("schedule", cls=Commands)
def schedule_group() -> None:
    """Tell when procedures run, what meets, and what was missed; export timers."""


@schedule_group.command("list")
@click.option(
    "--env",
    "environment",
    metavar="E",
    shell_complete=complete_environment,
    help="Environment whose other jobs and hard stop are shown too.",
)
@click.option("--days", type=click.IntRange(1, 4000), default=31, show_default=True, help="Days ahead to list.")
@json_option
@click.pass_context
def list_command(ctx: click.Context, environment: str | None, days: int, json_wanted: bool) -> None:
    """List the next times of every procedure, in India's time and in UTC.

    A procedure that has no time in these days is listed with its next one.
    """
    from hasivu_play.schedule_calendar import procedure_entries
    from hasivu_play.schedule_check import calendar_of
    from hasivu_play.schedule_view import agenda, as_dictionary, as_table

    project = project_of(ctx)
    entries = calendar_of(project, environment).entries if environment else procedure_entries(project)
    found = agenda(entries, datetime.now(UTC), days)
    on_demand = sorted(set(project.procedures()) - {entry.name for entry in entries})
    listed = {"times": [as_dictionary(slot) for slot in found], "on_demand": on_demand}
    click.echo(as_json(listed) if json_wanted else as_table(found, on_demand))


@schedule_group.command("check")
@environment_option
@click.option("--days", type=click.IntRange(1, 4000), default=400, show_default=True, help="Days ahead to look at.")
@json_option
@click.pass_context
def check_command(ctx: click.Context, environment: str, days: int, json_wanted: bool) -> None:
    """Find times that meet or break a rule of the calendar, and due times without a finished run.

    The records looked at are those of this machine. Exit code 1 when something was found.
    """
    from hasivu_play.schedule_check import calendar_of, check
    from hasivu_play.schedule_view import checked_as_dictionary, report

    found = check(calendar_of(project_of(ctx), environment), environment, datetime.now(UTC), days)
    click.echo(as_json(checked_as_dictionary(environment, found)) if json_wanted else report(found))
    if not found.ok:
        raise FindingError("The calendar needs somebody. Mend what is WRONG in the order shown.")


@schedule_group.command("run")
@click.argument("procedure", metavar="ID", shell_complete=complete_procedure)
@environment_option
@ticket_option
@json_option
@click.pass_context
def run_command(ctx: click.Context, procedure: str, environment: str, ticket: str | None, json_wanted: bool) -> None:
    """Run procedure ID if it is due now and was not started for this time; what timers call.

    Cron cannot say "the first Sunday", and a timer may fire twice. Then nothing is started, and the exit code is 0.
    """
    from hasivu_play.records import close_interrupted
    from hasivu_play.schedule_due import LATE, verdict
    from hasivu_play.schedule_missed import real_runs

    project = project_of(ctx)
    project.inventory(environment)
    header = header_of(project, procedure)
    close_interrupted()
    now = datetime.now(UTC)
    found = verdict(header, real_runs(environment, now - LATE), now)
    say(found.says)
    if found.due:
        run = ctx.find_root().command.get_command(ctx, "run")  # type: ignore[attr-defined]
        ctx.invoke(run, procedure=procedure, environment=environment, ticket=ticket, json_wanted=json_wanted)
    elif json_wanted:
        click.echo(as_json({"started": False, "says": found.says}))


@schedule_group.command("export")
@click.argument("style", type=click.Choice(STYLES))
@environment_option
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Folder; without it, print.")
@ticket_option
@click.option("--command", metavar="PATH", help="Where hasivu-play is on the machine with systemd.")
@click.option("--user", metavar="NAME", help="Whom systemd starts it as.")
@click.option("--image", metavar="IMAGE", help="Image that holds hasivu-play; Kubernetes needs it.")
@click.option("--namespace", metavar="NAME", help="Namespace of the CronJobs.")
@json_option
@click.pass_context
def export_command(
    ctx: click.Context,
    style: str,
    environment: str,
    output: Path | None,
    ticket: str | None,
    command: str | None,
    user: str | None,
    image: str | None,
    namespace: str | None,
    json_wanted: bool,
) -> None:
    """Write timers of STYLE for every procedure that runs by time: systemd, kubernetes or awx."""
    from hasivu_play.schedule_export import STYLES as WRITERS
    from hasivu_play.schedule_export import as_text, write
    from hasivu_play.schedule_order import Order

    project = project_of(ctx)
    project.inventory(environment)
    if WRITERS[style].needs_image and not image:
        raise UsageError("A CronJob needs an image that holds hasivu-play. Name it with --image, by its digest.")
    chosen = {"ticket": ticket, "command": command, "user": user, "image": image, "namespace": namespace}
    order = Order(environment, **{name: value for name, value in chosen.items() if value})
    files = WRITERS[style].write(scheduled(project), order, datetime.now(UTC))
    if output is None:
        click.echo(as_json(files) if json_wanted else as_text(files))
    else:
        paths = [str(path) for path in write(files, output)]
        click.echo(as_json(paths) if json_wanted else "\n".join(paths))


def scheduled(project: Project) -> list[Header]:
    """Return the header of every procedure that runs by time."""
    headers = [header_of(project, procedure) for procedure in project.procedures()]
    return [header for header in headers if "rrule" in header.schedule]


def header_of(project: Project, procedure: str) -> Header:
    """Return the header of a procedure."""
    from hasivu_play.header import read_header

    return read_header(project.playbook(procedure))
