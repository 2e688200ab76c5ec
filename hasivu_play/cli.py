"""Words in, words out: only the files that begin with cli import click.

A command imports what it needs when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hasivu_play import __version__
from hasivu_play.cli_coverage import coverage_command
from hasivu_play.cli_options import (
    SANDBOX,
    Commands,
    complete_procedure,
    environment_option,
    json_option,
    project_of,
    refuse_changed_content,
    ticket_option,
)
from hasivu_play.cli_plan import approve_command, inputs_of, plan_command, plan_type
from hasivu_play.cli_project import project_group
from hasivu_play.cli_records import diff_command, export_command
from hasivu_play.cli_rehearse import rehearse_command
from hasivu_play.cli_sandbox import sandbox_layout, start_sandbox
from hasivu_play.cli_schedule import schedule_group
from hasivu_play.cli_site import site_group
from hasivu_play.console import as_json, say
from hasivu_play.errors import FindingError
from hasivu_play.project import Project

if TYPE_CHECKING:
    from hasivu_play.header import Header
    from hasivu_play.records import Run
    from hasivu_play.run import Request

Command = Callable[..., Any]

break_glass_option = click.option("--break-glass", metavar="REASON", help="Pass time and approval guards; recorded.")
incident_option = click.option("--incident", metavar="ID", help="Open incident that this run serves; it stops no run.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show Ansible's own output too.")
run_argument = click.argument("run_id", metavar="RUN")
procedure_argument = click.argument("procedure", metavar="ID", shell_complete=complete_procedure)


def consent_options(command: Command) -> Command:
    """Add what an operator gives with a run besides its inputs."""
    for option in (incident_option, break_glass_option, ticket_option):
        command = option(command)
    return command


def output_options(command: Command) -> Command:
    """Add how a run is shown."""
    return verbose_option(json_option(command))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """The HASIVU operations manual as procedures that run.

    Exit codes: 0 done, 1 a finding, 2 bad input, 3 refused and nothing changed, 4 stopped and can be resumed,
    5 stopped and a person must decide, 6 another run holds the lock, 7 time budget spent.
    """
    os.umask(0o077)  # records, credentials and logs are for their owner alone


main.add_command(schedule_group)
main.add_command(site_group)
main.add_command(coverage_command)
main.add_command(rehearse_command)
main.add_command(project_group)


@main.command("list")
@json_option
@click.pass_context
def list_command(ctx: click.Context, json_wanted: bool) -> None:
    """List every procedure: id, title, risk, next time, manual section."""
    from hasivu_play.catalogue import as_table, catalogue

    entries = catalogue(project_of(ctx))
    click.echo(as_json(entries) if json_wanted else as_table(entries))


@main.command("show")
@procedure_argument
@click.option("--format", "style", type=click.Choice(["text", "markdown"]), default="text", show_default=True)
@click.pass_context
def show_command(ctx: click.Context, procedure: str, style: str) -> None:
    """Show procedure ID as a document, with every step."""
    from hasivu_play.show import show

    click.echo(show(project_of(ctx), procedure, style))


@main.command("run")
@procedure_argument
@environment_option
@click.option(
    "-e", "--input", "assignments", metavar="KEY=VALUE", multiple=True, help="Set an input; `show` lists them."
)
@click.option("--check", is_flag=True, help="Rehearse: read everything, change nothing.")
@click.option("--plan", "plan_file", type=plan_type, metavar="FILE", help="Rehearse again, and run as approved there.")
@consent_options
@output_options
@click.pass_context
def run_command(
    ctx: click.Context,
    procedure: str,
    environment: str,
    assignments: tuple[str, ...],
    check: bool,
    plan_file: Path | None,
    ticket: str | None,
    break_glass: str | None,
    incident: str | None,
    verbose: bool,
    json_wanted: bool,
) -> None:
    """Run procedure ID, such as `hasivu-play run weekly-db --check`."""
    from hasivu_play.inputs import check_inputs, parse_assignments
    from hasivu_play.run import Request
    from hasivu_play.trust import read_checked_header

    project = project_of(ctx)
    playbook = project.playbook(procedure)
    project.inventory(environment)
    header = read_checked_header(playbook)
    given: dict[str, Any] = dict(parse_assignments(assignments))
    if plan_file:
        given = {**inputs_of(plan_file), **given}
    inputs = check_inputs(header.inputs, given)
    plan = str(plan_file.resolve()) if plan_file else None
    request = Request(procedure, environment, inputs, check, ticket, break_glass, incident, plan=plan)
    perform(project, header, request, verbose=verbose, json_wanted=json_wanted)


@main.command("resume")
@run_argument
@consent_options
@output_options
@click.pass_context
def resume_command(
    ctx: click.Context,
    run_id: str,
    ticket: str | None,
    break_glass: str | None,
    incident: str | None,
    verbose: bool,
    json_wanted: bool,
) -> None:
    """Go on with RUN, which stopped part-way; the first letters of its id will do."""
    from hasivu_play.resume import Consent, request_to_resume

    project = project_of(ctx)
    run, header = ended_run(project, run_id)
    request = request_to_resume(project, run, Consent(ticket, break_glass, incident))
    perform(project, header, request, verbose=verbose, json_wanted=json_wanted)


@main.command("rollback")
@run_argument
@consent_options
@output_options
@click.pass_context
def rollback_command(
    ctx: click.Context,
    run_id: str,
    ticket: str | None,
    break_glass: str | None,
    incident: str | None,
    verbose: bool,
    json_wanted: bool,
) -> None:
    """Undo RUN, as far as its procedure has a way back; the first letters of its id will do."""
    from hasivu_play.resume import Consent, request_to_roll_back

    project = project_of(ctx)
    run, header = ended_run(project, run_id)
    request = request_to_roll_back(project, run, header, Consent(ticket, break_glass, incident))
    perform(project, header, request, verbose=verbose, json_wanted=json_wanted)


def ended_run(project: Project, run_id: str) -> tuple[Run, Header]:
    """Return a run with the header of its procedure, after closing the records of runs whose process is gone."""
    from hasivu_play.records import close_interrupted, load
    from hasivu_play.trust import read_checked_header

    close_interrupted()
    run = load(run_id)
    project.inventory(run.environment)
    return run, read_checked_header(project.playbook(run.procedure))


def perform(project: Project, header: Header, request: Request, *, verbose: bool, json_wanted: bool) -> None:
    """Run a request, print its result, and end with its exit code."""
    from hasivu_play.execution import execute
    from hasivu_play.progress import progress_for

    refuse_changed_content(project, request.environment)
    stream = sys.stderr if json_wanted else sys.stdout
    if request.environment == SANDBOX:
        start_sandbox()
    progress = progress_for(stream, verbose=verbose)
    if request.plan and not request.resumes:
        from hasivu_play.plan import execute_plan

        result = execute_plan(project, header, request, progress)
    else:
        result = execute(project, header, request, progress)
    click.echo(as_json(result.as_dictionary()) if json_wanted else result.in_words(header.title))
    if result.exit_code:
        raise click.exceptions.Exit(result.exit_code)


main.add_command(plan_command)
main.add_command(approve_command)


@main.group("runs", cls=Commands)
def runs_group() -> None:
    """Read and verify the records of runs."""
    from hasivu_play.records import close_interrupted

    for closed in close_interrupted():
        say(f"Closed {closed}: its process is gone, so its record ends as interrupted.")


@runs_group.command("list")
@click.option("--procedure", metavar="ID", default="", help="Only runs of this procedure.")
@click.option("--env", "environment", metavar="E", default="", help="Only runs in this environment.")
@click.option("--state", metavar="S", default="", help="Only runs that ended so, such as done, finding or refused.")
@click.option("--since", metavar="DATE", default="", help="Only runs since this day, such as 2026-11-01 (UTC).")
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="At most N runs; by default all.")
@json_option
def runs_list_command(
    procedure: str, environment: str, state: str, since: str, limit: int | None, json_wanted: bool
) -> None:
    """List runs, the newest first."""
    from hasivu_play.records_receipts import exported
    from hasivu_play.records_search import Wanted, search
    from hasivu_play.records_view import as_table, summary

    runs, known = search(Wanted(procedure, environment, state, since), limit), exported()
    listed = [{**summary(run), "exported": run.id in known} for run in runs] if json_wanted else []
    click.echo(as_json(listed) if json_wanted else as_table(runs, known))


@runs_group.command("show")
@run_argument
@json_option
def runs_show_command(run_id: str, json_wanted: bool) -> None:
    """Show RUN step by step; the first letters of its id will do."""
    from hasivu_play.records import load
    from hasivu_play.records_view import as_timeline, details

    run = load(run_id)
    click.echo(as_json(details(run)) if json_wanted else as_timeline(run))


runs_group.add_command(diff_command)
runs_group.add_command(export_command)


@runs_group.command("verify")
@click.argument("run_ids", metavar="RUN...", nargs=-1, required=True)
@json_option
def runs_verify_command(run_ids: tuple[str, ...], json_wanted: bool) -> None:
    """Verify that no line of RUN was altered, dropped or reordered, and who signed it. Works offline."""
    from hasivu_play.records import load, verify

    problems = {run.id: verify(run).problems for run in map(load, run_ids)}
    if json_wanted:
        click.echo(as_json([{"run": run, "ok": not found, "problems": found} for run, found in problems.items()]))
    else:
        for run, found in problems.items():
            click.echo("\n  ".join([f"{run}: {'NOT verified' if found else 'verified'}", *found]))
    if any(problems.values()):
        raise FindingError("Not every record could be verified. Keep its folder as it is, and find out why.")


@main.group("sandbox", cls=Commands)
def sandbox_group() -> None:
    """Production in miniature, on this machine."""


@sandbox_group.command("up")
@json_option
def sandbox_up_command(json_wanted: bool) -> None:
    """Start what does not run yet; what was killed comes back on the same port with its data."""
    start_sandbox()
    print_status(json_wanted=json_wanted)


@sandbox_group.command("down")
def sandbox_down_command() -> None:
    """Stop every part; the data stay."""
    from hasivu_play.sandbox.supervisor import down

    down(sandbox_layout())
    say("The sandbox is down; its data stay until `sandbox reset`.")


@sandbox_group.command("status")
@json_option
def sandbox_status_command(json_wanted: bool) -> None:
    """Show each part with its address and health."""
    print_status(json_wanted=json_wanted)


@sandbox_group.command("reset")
def sandbox_reset_command() -> None:
    """Give every part the data of its first day again."""
    from hasivu_play.sandbox.supervisor import reset

    reset(sandbox_layout(), progress=say)
    say("The sandbox is as on its first day.")


@sandbox_group.command("fault")
@click.argument("name", required=False)
@click.option("--seconds", type=click.IntRange(min=1), help="End the fault by itself after this time.")
@click.option("--clear", is_flag=True, help="End the fault NAME, or every fault.")
def sandbox_fault_command(name: str | None, seconds: int | None, clear: bool) -> None:
    """Inject fault NAME; without a name, list the faults there are."""
    from hasivu_play.console import aligned
    from hasivu_play.sandbox import faults

    if clear:
        ended = faults.clear(sandbox_layout(), name)
        say(f"Cleared: {', '.join(ended) or 'nothing, for no fault was on'}.")
    elif name is None:
        click.echo(aligned(list(faults.FAULTS.items())))
    else:
        faults.inject(sandbox_layout(), name, seconds)
        say(f"{name}: {faults.FAULTS[name]}")


def sandbox_parts() -> Any:
    """Return the state of each part of the sandbox."""
    from hasivu_play.sandbox.supervisor import status

    return status(sandbox_layout())


def state_of(part: dict[str, Any]) -> str:
    """Return the state of a part of the sandbox in one word; a database that RDS stopped is not down."""
    if part["healthy"]:
        return "healthy"
    return "stopped" if part.get("unwanted") else "down"


def print_status(*, json_wanted: bool) -> None:
    """Print each part of the sandbox, and end with a finding when one that ought to answer does not."""
    from hasivu_play.console import aligned, without_password

    parts = sandbox_parts()
    rows = [(name, state_of(part), without_password(str(part["url"]))) for name, part in parts.items()]
    click.echo(as_json(parts) if json_wanted else aligned(rows))
    if not parts or "down" in (state_of(part) for part in parts.values()):
        raise FindingError("Not every part answers. Start what is down with: hasivu-play sandbox up")


@main.command("doctor")
@environment_option
@json_option
@click.pass_context
def doctor_command(ctx: click.Context, environment: str, json_wanted: bool) -> None:
    """Say what is missing, misconfigured or unreachable, with the mend of each."""
    from hasivu_play.doctor import as_dictionary, as_text, examine

    checks = examine(project_of(ctx), environment, sandbox_parts() if environment == SANDBOX else None)
    click.echo(as_json(as_dictionary(environment, checks)) if json_wanted else as_text(checks))
    wrong = [check for check in checks if not check.ok]
    if wrong:
        raise FindingError(f"{len(wrong)} of {len(checks)} checks found something. Mend them in the order shown.")
