"""`guildhall keys`: copies of the subject keys' store, on the host itself."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from console.settings import Settings, load_settings

Done = TypeVar("Done")


@click.group()
def keys() -> None:
    """Look after the store of subject keys: every command is for the host."""


@keys.command()
@click.option("--folder", type=click.Path(path_type=Path), help="Another folder than keys/backups.")
def backup(folder: Path | None) -> None:
    """Copy the store; the copy can be taken back for 30 days."""
    from console.key_copies import copy_keys  # noqa: PLC0415 - the databases' imports are slow

    click.echo(str(_run(lambda settings: copy_keys(settings, folder))))


@keys.command()
@click.argument("path", type=click.Path(path_type=Path))
def restore(path: Path) -> None:
    """Take the copy at PATH back, where the store has no key; who was erased stays erased."""
    from console.key_copies import take_back  # noqa: PLC0415 - as above

    click.echo(f"{_run(lambda settings: take_back(settings, path))} keys are in the store.")


@keys.command("prune-backups")
def prune() -> None:
    """Delete copies in keys/backups that are older than 30 days, as the worker does by itself."""
    from console.key_copies import prune_copies  # noqa: PLC0415 - as above

    for path in prune_copies(load_settings()):
        click.echo(f"{path} is deleted.")


@keys.command()
@click.confirmation_option(prompt="Nothing sealed before can be read again. Is the old store lost for good?")
def begin() -> None:
    """Start a new store for a log that has entries, when the old one is lost for good."""
    from console.key_copies import begin_anew  # noqa: PLC0415 - as above

    _run(begin_anew)
    click.echo("A new store of subject keys is begun.")


def _run(act: Callable[[Settings], Awaitable[Done]]) -> Done:
    async def run() -> Done:
        return await act(load_settings())

    return asyncio.run(run())
