"""`guildhall sink`: who follows the log, whether one can be delivered to, and the end of an alarm."""

from typing import Final
from urllib.parse import quote

import click

from console.cli.client import open_client, token_option
from console.cli.output import write_json, write_rows

ADMIN: Final = "admin"
COLUMNS: Final = ("name", "state", "next_index", "lacks", "seconds", "complete_until", "error")

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for a program.")


@click.group()
def sink() -> None:
    """List, test and clear the followers of the log."""


@sink.command("list")
@json_option
@token_option
def list_sinks(token: str | None, *, as_json: bool) -> None:
    """List the followers and how far each has come."""
    with open_client(ADMIN, token) as client:
        found = client.get("/api/v1/sinks")["items"]
    write_json(found) if as_json else write_rows(COLUMNS, found)


@sink.command()
@click.argument("name")
@json_option
@token_option
@click.pass_context
def test(ctx: click.Context, name: str, token: str | None, *, as_json: bool) -> None:
    """Ask the follower NAME whether it can be delivered to; exit 1 when not."""
    with open_client(ADMIN, token) as client:
        found = client.post(f"/api/v1/sinks/{quote(name, safe='')}/test", {})
    if as_json:
        write_json(found)
    else:
        click.echo(found["sentence"])
    ctx.exit(0 if found["ok"] else 1)


@sink.command()
@click.argument("name")
@click.option("--again", is_flag=True, help="Also hand over everything once more, from entry 0.")
@token_option
def clear(name: str, token: str | None, *, again: bool) -> None:
    """Clear the alarm of the follower NAME, once a person has looked into it."""
    with open_client(ADMIN, token) as client:
        found = client.post(f"/api/v1/sinks/{quote(name, safe='')}/clear", {"again": again})
    click.echo(f"Recorded as {found['event']}; the worker clears the alarm when the log holds it.")
