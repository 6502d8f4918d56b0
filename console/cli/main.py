"""`guildhall`: every command, each in the file of its area, loaded when it is used."""

import importlib
import sys
from typing import Final

import click

from console.errors import ConsoleError, SettingsError

COMMANDS: Final = {
    "approve": "console.cli.requests",
    "audit": "console.cli.audit",
    "bootstrap": "console.cli.local",
    "call": "console.cli.catalog",
    "cluster": "console.cli.catalog",
    "db": "console.cli.local",
    "demo": "console.cli.demo",
    "dev": "console.cli.local",
    "doctor": "console.cli.local",
    "model": "console.cli.catalog",
    "policy": "console.cli.policy",
    "request": "console.cli.requests",
    "serve": "console.cli.local",
}
UNAVAILABLE: Final = 3


class LazyGroup(click.Group):
    """A group that imports a command's file only when the command is used, so that starts stay short."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Return every command's name, in order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Return one command."""
        module = COMMANDS.get(cmd_name)
        found = getattr(importlib.import_module(module), cmd_name) if module else None
        return found if isinstance(found, click.Command) else None


@click.group(cls=LazyGroup)
@click.version_option(package_name="guildhall")
def cli() -> None:
    """Govern and audit calls to the model-serving clusters you already run.

    Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 a service is unavailable.
    """


def main() -> None:
    """Run the command line and turn our errors into a sentence and an exit code."""
    try:
        cli(standalone_mode=True)
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except ConsoleError as error:
        click.echo(error.detail, err=True)
        sys.exit(UNAVAILABLE if error.status == 503 else 1)  # noqa: PLR2004 - the HTTP status
