"""What the commands share: how an error ends one, and options that many of them take."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

from hasivu_play.errors import PlayError, UsageError
from hasivu_play.project import Project, installed_project

SANDBOX = "sandbox"


class Commands(click.Group):
    """A group whose commands end an error of ours in its sentences and its exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except PlayError as error:
            click.echo(f"Error: {error}", err=True)
            raise click.exceptions.Exit(error.exit_code) from error
        except OSError as error:
            if error.filename is None:
                raise
            click.echo(f"Error: {error.filename}: {error.strerror}. Mend the file system or its rights.", err=True)
            raise click.exceptions.Exit(UsageError.exit_code) from error


def complete_procedure(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the id of a procedure."""
    return [CompletionItem(name) for name in project_of(ctx).procedures() if name.startswith(incomplete)]


def complete_environment(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of an environment."""
    return [CompletionItem(name) for name in project_of(ctx).environments() if name.startswith(incomplete)]


def project_of(ctx: click.Context) -> Project:
    """Return the project that the caller passed in, or the installed one."""
    found = ctx.find_object(Project)
    return found if found is not None else installed_project()


def refuse_changed_content(project: Project, environment: str) -> None:
    """Refuse a project that is not as it was signed, before a playbook is begun; its guard asks the same."""
    if project.mentions(environment, "project_verification"):
        from hasivu_play.content import refuse_changed

        refuse_changed(project, environment)


json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON for a program to read.")
ticket_option = click.option("--ticket", metavar="T", help="Change ticket that the environment's policy may ask for.")
environment_option = click.option(
    "--env",
    "environment",
    metavar="E",
    default=SANDBOX,
    show_default=True,
    shell_complete=complete_environment,
    help="Environment to work in.",
)
