# ruff: noqa: INP001 -- run with -m from the top, like the tests; there is nothing to import docs for
"""Lists every command of `guildhall` with its arguments and options, as the command itself declares them."""

from collections.abc import Iterator

import click

from console.cli.main import cli

Section = tuple[str, str, list[tuple[str, str]]]


def sections() -> Iterator[Section]:
    """Yield usage, meaning and the options of each command, in the order of the help."""
    yield from _below(click.Context(cli, info_name="guildhall"), cli)


def _below(context: click.Context, group: click.Group) -> Iterator[Section]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from _below(inner, command)
        else:
            yield _section(inner, command)


def _section(context: click.Context, command: click.Command) -> Section:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    meaning = " ".join((command.help or "").split())
    found = (parameter.get_help_record(context) for parameter in command.get_params(context))
    rows = [record for record in found if record and record[0].startswith("-") and record[0] != "--help"]
    return usage, meaning, rows
