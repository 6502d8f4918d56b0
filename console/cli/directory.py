"""`guildhall directory`: how the sync stands, a sync or a preview of one, and what Keycloak needs for it."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any, Final

import click

from console.cli.client import Client, open_client, token_option
from console.cli.output import write_facts, write_json, write_rows

ADMIN: Final = "admin"
WAITS: Final = frozenset({"asked", "running", "confirmed"})
COLUMNS: Final = ("created", "state", "dry_run", "people", "seconds", "reason")

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for a program.")


@click.group()
def directory() -> None:
    """Follow the directory that people come from."""


@directory.command()
@json_option
@token_option
def show(token: str | None, *, as_json: bool) -> None:
    """Show how the sync stands, and its newest runs."""
    with open_client(ADMIN, token) as client:
        found = client.get("/api/v1/directory")
    if as_json:
        write_json(found)
        return
    write_facts({name: found[name] for name in ("issuer", "lag_seconds", "full_sync", "error")})
    write_rows(COLUMNS, found["runs"])


@directory.command()
@click.option("--dry-run", is_flag=True, help="Only show what a sync would do.")
@click.option("--wait", default=600, show_default=True, help="Seconds to wait for its end.")
@json_option
@token_option
def sync(token: str | None, wait: int, *, dry_run: bool, as_json: bool) -> None:
    """Compare everybody with the directory, and apply; exit 1 when an admin must confirm it first."""
    with open_client(ADMIN, token) as client:
        asked = client.post("/api/v1/directory/sync", {"dry_run": dry_run})
        run = _ended(client, asked, wait)
    write_json(run) if as_json else _write(run)
    sys.exit({"done": 0, "waiting": 1}.get(run["state"], 3))


@directory.command()
@click.argument("run")
@token_option
def confirm(run: str, token: str | None) -> None:
    """Let the sync RUN, which waits for an admin, take what it takes."""
    with open_client(ADMIN, token) as client:
        click.echo(f"{client.post(f'/api/v1/directory/sync/{run}/confirm')['state'].capitalize()}.")


@directory.command()
@click.argument("run")
@token_option
def drop(run: str, token: str | None) -> None:
    """Drop the sync RUN, which waits for an admin."""
    with open_client(ADMIN, token) as client:
        click.echo(f"{client.post(f'/api/v1/directory/sync/{run}/drop')['state'].capitalize()}.")


@directory.command()
@click.option("--server", required=True, help="Keycloak's address, without /realms/….")
@click.option("--realm", required=True, help="The realm whose people sign in here; made if it is missing.")
@click.option("--url", required=True, help="The address people use for this console.")
@click.option("--admin-user", required=True, help="An administrator of the whole Keycloak; never stored.")
@click.option("--admin-password", envvar="KEYCLOAK_ADMIN_PASSWORD", help="Asked for when not given.")
@click.option("--secrets", type=click.Path(path_type=Path), default=Path("secrets"), show_default=True)
@click.option("--dry-run", is_flag=True, help="Only show what is missing or differs.")
def setup(  # noqa: PLR0917 - one option each
    server: str,
    realm: str,
    url: str,
    admin_user: str,
    admin_password: str | None,
    secrets: Path,
    *,
    dry_run: bool,
) -> None:
    """Make in an existing Keycloak what this console needs, and print the settings for guildhall.toml.

    Nothing else there is changed. A second run finds nothing to do.
    """
    from console.directory.setup import AdminLogin, set_up  # noqa: PLC0415 - python-keycloak is slow to import
    from sso.keycloak.setup.wanted import Place  # noqa: PLC0415 - as above

    password = admin_password or click.prompt("Password", hide_input=True, err=True)
    login, place = AdminLogin(server, admin_user, password), Place(realm, url.rstrip("/"))
    done = asyncio.run(set_up(place, login, secrets, dry_run=dry_run))
    for line in done.lines:
        click.echo(line, err=True)
    if done.settings:
        click.echo(done.settings)
    sys.exit(1 if dry_run and done.lines else 0)


def _ended(client: Client, run: dict[str, Any], wait: int) -> dict[str, Any]:
    until = time.monotonic() + wait
    while run["state"] in WAITS and time.monotonic() < until:
        time.sleep(1)
        runs = {one["id"]: one for one in client.get("/api/v1/directory")["runs"]}
        run = runs.get(run["id"], run)
    return run


def _write(run: dict[str, Any]) -> None:
    plan = run["plan"]
    write_facts({name: run[name] for name in ("id", "state", "people", "groups", "memberships", "seconds")})
    write_facts({name: plan[name] for name in ("added", "changed", "ended", "returned", "taking")})
    if run["reason"]:
        click.echo(run["reason"], err=True)
