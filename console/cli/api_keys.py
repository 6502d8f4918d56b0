"""`guildhall key`: keys for programs, one's own and those of one's teams' service accounts."""

from typing import Any, Final
from uuid import UUID

import click

from console.cli.client import open_client, token_option
from console.cli.output import write_json, write_rows

ADMIN: Final = "admin"
KEYS: Final = "/api/v1/keys"
COLUMNS: Final = ("id", "name", "state", "starts_with", "scopes", "ends", "last_used")
CALLING: Final = ("model.describe", "model.invoke", "model.read")

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for a program.")
service_option = click.option(
    "--service", type=click.UUID, help="The service account's id, for one of its keys."
)


@click.group()
def key() -> None:
    """Make, list and revoke keys for programs."""


@key.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, help="What it is for; repeat it. Without: to call models.")
@click.option(
    "--route", "routes", multiple=True, help="Only this model; repeat it. Without: every one you may."
)
@click.option("--days", type=click.IntRange(1, 365), default=90, show_default=True, help="For how long.")
@service_option
@json_option
@token_option
def create(  # noqa: PLR0917 - each is an option
    name: str,
    scopes: tuple[str, ...],
    routes: tuple[str, ...],
    days: int,
    service: UUID | None,
    token: str | None,
    *,
    as_json: bool,
) -> None:
    """Make a key called NAME; writes the key alone, which is shown this once."""
    asked: dict[str, Any] = {"name": name, "scopes": list(scopes or CALLING), "days": days}
    if routes:
        asked["routes"] = list(routes)
    if service:
        asked["service"] = str(service)
    with open_client(ADMIN, token) as client:
        made = client.post(KEYS, asked)
    if as_json:
        write_json(made)
        return
    # The key alone on stdout, so that a shell can keep it; the rest is for who reads along.
    click.echo(made["token"])
    click.echo(
        f"It ends at {made['key']['ends']}, and is not shown again. Its id is {made['key']['id']}.", err=True
    )


@key.command("list")
@service_option
@click.option("--all", "everybody", is_flag=True, help="Everybody's, as an admin or auditor.")
@click.option("--search", default="", help="With --all: a name, an owner, or what a key starts with.")
@json_option
@token_option
def list_keys(
    service: UUID | None, search: str, token: str | None, *, everybody: bool, as_json: bool
) -> None:
    """List your keys, the newest first; never their secrets."""
    with open_client(ADMIN, token) as client:
        if everybody:
            found = client.get("/api/v1/key-inventory", {"q": search, "limit": 200})["items"]
        else:
            path = f"/api/v1/service-accounts/{service}/keys" if service else KEYS
            found = client.get(path)["items"]
    shown = [{**item, "scopes": " ".join(item["scopes"])} for item in found]
    write_json(found) if as_json else write_rows(COLUMNS, shown)


@key.command()
@click.argument("key_id", metavar="ID", type=click.UUID)
@click.option("--reason", required=True, help="Why, in 3 to 500 characters; it is recorded.")
@token_option
def revoke(key_id: UUID, reason: str, token: str | None) -> None:
    """Revoke the key ID: whoever sends it is refused at once."""
    with open_client(ADMIN, token) as client:
        client.delete(f"{KEYS}/{key_id}", {"reason": reason})
    click.echo("Revoked. Whoever sends it is refused within seconds.")
