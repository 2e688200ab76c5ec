"""The commands of plans and approvals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from hasivu_play.cli_options import (
    SANDBOX,
    complete_procedure,
    environment_option,
    json_option,
    project_of,
    refuse_changed_content,
)
from hasivu_play.cli_sandbox import start_sandbox
from hasivu_play.console import as_json

plan_type = click.Path(dir_okay=False, path_type=Path)


@click.command("plan")
@click.argument("procedure", metavar="ID", shell_complete=complete_procedure)
@environment_option
@click.option(
    "-e", "--input", "assignments", metavar="KEY=VALUE", multiple=True, help="Set an input; `show` lists them."
)
@click.option("-o", "--output", "plan_file", type=plan_type, metavar="FILE", required=True, help="File to write.")
@json_option
@click.pass_context
def plan_command(
    ctx: click.Context,
    procedure: str,
    environment: str,
    assignments: tuple[str, ...],
    plan_file: Path,
    json_wanted: bool,
) -> None:
    """Rehearse procedure ID and write into FILE what would change, for other people to approve."""
    from hasivu_play.inputs import check_inputs, parse_assignments
    from hasivu_play.plan import make_plan
    from hasivu_play.plan_words import in_words
    from hasivu_play.progress import progress_for
    from hasivu_play.run import Request
    from hasivu_play.trust import read_checked_header

    project = project_of(ctx)
    playbook = project.playbook(procedure)
    project.inventory(environment)
    header = read_checked_header(playbook)
    request = Request(procedure, environment, check_inputs(header.inputs, parse_assignments(assignments)), check=True)
    refuse_changed_content(project, environment)
    if environment == SANDBOX:
        start_sandbox()
    progress = progress_for(sys.stderr if json_wanted else sys.stdout, verbose=False)
    plan = make_plan(project, header, request, progress, plan_file)
    click.echo(
        as_json({"file": str(plan.path), "digest": plan.digest, **plan.fields}) if json_wanted else in_words(plan)
    )


@click.command("approve")
@click.argument("plan_file", type=plan_type, metavar="FILE")
@click.option("--key", type=plan_type, metavar="SSHKEY", help="Your SSH key; without it, the plan is only shown.")
@json_option
@click.pass_context
def approve_command(ctx: click.Context, plan_file: Path, key: Path | None, json_wanted: bool) -> None:
    """Show the plan in FILE, and sign it as another person than the one who will run it.

    The signature lies beside FILE. `ssh-keygen -Y sign -n hasivu-play -f SSHKEY FILE` makes the same.
    """
    from hasivu_play.approve import approve
    from hasivu_play.plan import load_plan
    from hasivu_play.plan_words import in_words

    plan = load_plan(plan_file)
    if not json_wanted:
        click.echo(in_words(plan))
    if key is None:
        return
    approval = approve(project_of(ctx), plan, key)
    told = {"digest": plan.digest, "principal": approval.principal, "fingerprint": approval.fingerprint}
    words = f"Approved by {approval.principal} with {approval.fingerprint}: {approval.file}"
    click.echo(as_json({**told, "signature": str(approval.file)}) if json_wanted else words)


def inputs_of(plan_file: Path) -> dict[str, Any]:
    """Return the inputs that a plan holds."""
    from hasivu_play.plan import load_plan

    return {name: value for name, value in load_plan(plan_file).fields["inputs"].items() if value is not None}
