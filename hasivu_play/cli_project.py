"""The commands that sign and verify the project itself."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hasivu_play.cli_options import Commands, environment_option, json_option, project_of
from hasivu_play.console import as_json
from hasivu_play.errors import FindingError

file_type = click.Path(dir_okay=False, path_type=Path)


@click.group("project", cls=Commands)
def project_group() -> None:
    """Sign the project's content, and verify that it still is as it was signed."""


@project_group.command("sign")
@click.option("--key", type=file_type, metavar="SSHKEY", required=True, help="Your SSH key.")
@json_option
@click.pass_context
def sign_command(ctx: click.Context, key: Path, json_wanted: bool) -> None:
    """Write the checksum of every file into .ansible-sign, and sign them.

    MANIFEST.in says which files. `ssh-keygen -Y sign -n hasivu-play-project -f SSHKEY` makes the same signature.
    """
    from hasivu_play.content_signing import sign_project

    told = sign_project(project_of(ctx), key)
    words = f"{told['project']}: {told['files']} files, signed with {told['signer']}"
    click.echo(as_json(told) if json_wanted else words)


@project_group.command("verify")
@environment_option
@click.option("--signers", type=file_type, metavar="FILE", help="Who may sign, instead of those of the environment.")
@json_option
@click.pass_context
def verify_command(ctx: click.Context, environment: str, signers: Path | None, json_wanted: bool) -> None:
    """Name every file that was added, removed or changed since the project was signed. Works offline."""
    from ansible_collections.hasivu.ops.plugins.module_utils.project_content import MEND

    from hasivu_play.content import verify_project

    project = project_of(ctx)
    verdict = verify_project(project, environment, signers)
    words = "\n  ".join([f"{project.root}: {'NOT verified' if verdict.problems else 'verified'}", *verdict.problems])
    click.echo(as_json({**asdict(verdict), "ok": not verdict.problems}) if json_wanted else words)
    if verdict.problems:
        raise FindingError(f"The project is not as it was signed. {MEND}")
