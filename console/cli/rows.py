"""`guildhall rows`: rows that no recorded act explains, and how they end."""

from typing import Final

import click

from console.cli.client import open_client, token_option
from console.cli.output import write_json, write_rows

ADMIN: Final = "admin"
COLUMNS: Final = ("kind", "id", "why", "found")

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for a program.")


@click.group()
def rows() -> None:
    """List rows that no recorded act explains, and end them."""


@rows.command("list")
@json_option
@token_option
def list_unexplained(token: str | None, *, as_json: bool) -> None:
    """List the rows that count as absent, and why."""
    with open_client(ADMIN, token) as client:
        found = client.get("/api/v1/unexplained")["items"]
    write_json(found) if as_json else write_rows(COLUMNS, found)


@rows.command()
@click.argument("kind")
@click.argument("row_id", type=click.UUID)
@click.option("--reason", required=True, help="Why, in your own words.")
@token_option
def settle(kind: str, row_id: object, reason: str, token: str | None) -> None:
    """End the row ROW_ID of KIND: who should have what it gave, asks anew."""
    with open_client(ADMIN, token) as client:
        client.post(f"/api/v1/unexplained/{kind}/{row_id}/settle", {"reason": reason})
    click.echo(f"The row {row_id} has ended.")
