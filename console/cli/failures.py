"""How a command fails: a sentence on stderr, and an exit code."""

from typing import IO, Any

import click


class CommandError(click.ClickException):
    """The answer is no: one sentence on stderr, and exit code 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the sentence alone."""
        click.echo(self.message, file=file, err=file is None)


class WrongUseError(CommandError):
    """The command was given something that cannot be used: exit code 2."""

    exit_code = 2


class UnavailableError(CommandError):
    """A service does not answer, or not now: exit code 3."""

    exit_code = 3
