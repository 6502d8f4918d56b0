"""`guildhall audit key`, `freeze`, `succeed` and `witness`: run on a host, but for asking."""

import asyncio
from pathlib import Path

import click

from audit.errors import VerifierInputError
from console.cli.client import token_option
from console.cli.records import ask, reason_option
from console.cli.requests import ADMIN, json_option
from console.settings import load_settings


@click.group()
def key() -> None:
    """Look after the log's signing keys."""


overlap_option = click.option(
    "--overlap-days",
    type=click.IntRange(0, 400),
    default=30,
    show_default=True,
    help="How long the former key signs beside the new one.",
)
lost_option = click.option("--lost", is_flag=True, help="The former key is lost: only the new one signs.")


@key.command("ask")
@overlap_option
@lost_option
@click.option("--end", is_flag=True, help="Ask that the log ends instead.")
@reason_option
@json_option
@token_option
def ask_for_key(
    overlap_days: int, reason: str, token: str | None, *, lost: bool, end: bool, as_json: bool
) -> None:
    """Ask that the log gets other keys; somebody else has to agree before `rotate` does it."""
    wanted = {"act": "end"} if end else {"act": "rotate", "overlap_days": overlap_days, "lost": lost}
    ask(ADMIN, token, "/api/v1/log/changes", {**wanted, "reason": reason}, as_json=as_json)


@key.command()
@overlap_option
@lost_option
def rotate(overlap_days: int, *, lost: bool) -> None:
    """Give the log new keys, on the worker's host while no worker runs; the change is an entry."""
    from console.log_care import rotate_key  # noqa: PLC0415 - other commands do not need it

    period = asyncio.run(rotate_key(load_settings(), overlap_days=overlap_days, lost=lost))
    click.echo(f"Trees from {period.first} entries on are signed by {period.vkey}.")
    click.echo("Hand keys/log.policy to whoever verifies, and the new key to the witnesses.")


@click.command()
@click.confirmation_option(prompt="This log can never be added to again. End it?")
def freeze() -> None:
    """End the log by a signed entry, on the worker's host while no worker runs."""
    from console.log_care import freeze_log  # noqa: PLC0415 - as above

    last = asyncio.run(freeze_log(load_settings()))
    click.echo(f"{last.origin} ended with {last.size} entries.")


@click.command()
@click.option("--former", required=True, help="The former log: its SQLite file, or its database address.")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A later checkpoint of it that was kept elsewhere.",
)
def succeed(former: str, checkpoint: Path | None) -> None:
    """Begin the log of a new audit.origin that cites the last signed checkpoint of the former one."""
    from console.log_care import succeed_log  # noqa: PLC0415 - as above

    settings = load_settings()
    url = former if "://" in former else f"sqlite+aiosqlite:///{former}"
    done = asyncio.run(succeed_log(settings, url, checkpoint))
    click.echo(f"{settings.audit.origin} began, after {done.last.origin} with {done.last.size} entries.")
    if done.carried is None:
        click.echo("Nothing was carried over: the former log's entries are not those it signed.", err=True)
    else:
        click.echo(f"It states again what {done.carried} acts of the former log said of rows.")


@click.command()
@click.option("--name", required=True, help="The witness's name, such as its address without https://.")
@click.option(
    "--log", "logs", required=True, multiple=True, help="A log's verifier key, or @FILE with its policy."
)
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), default=Path("witness"), show_default=True
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=8410, show_default=True)
def witness(name: str, logs: tuple[str, ...], data: Path, host: str, port: int) -> None:
    """Watch other logs: cosign their checkpoints while they only grow. Run it on another host."""
    from console.witness import serve_witness  # noqa: PLC0415 - as above

    try:
        serve_witness(name, logs, data, (host, port), click.echo)
    except VerifierInputError as error:
        raise click.UsageError(str(error)) from None
