"""`guildhall login` and `guildhall logout`: a person's own access to a Guildhall, from a terminal."""

import click

from console.cli import device_flow
from console.cli.client import server_url
from console.cli.failures import CommandError, WrongUseError
from console.cli.logins import changing, keep_login
from console.sign_in.resource import CLIENTS, PATH


@click.command()
@click.option("--issuer", help="Which identity provider, when several are trusted.")
def login(issuer: str | None) -> None:
    """Sign in with a browser on any device, for every command that follows."""
    url = server_url()
    issuer, client_id = _chosen(url, issuer)
    provider = device_flow.read_provider(issuer)
    begun = device_flow.begin(provider, client_id)
    address = begun.get("verification_uri_complete") or begun["verification_uri"]
    click.echo(f"Open {address}")
    click.echo(f"and confirm that it shows the code {begun['user_code']}")
    found = device_flow.wait(provider, client_id, begun)
    with changing():
        keep_login(url, found)
    click.echo(f"You are signed in at {url}.")


@click.command()
def logout() -> None:
    """Forget the sign-in of `guildhall login`, and end it at the identity provider."""
    url = server_url()
    if not device_flow.end(url):
        raise CommandError(f"You are not signed in at {url}.")
    click.echo(f"You are signed out at {url}.")


def _chosen(url: str, wanted: str | None) -> tuple[str, str]:
    said = device_flow.fetch_json(url + PATH)
    clients = said.get(CLIENTS)
    if not isinstance(clients, dict) or not clients:
        raise CommandError(f"{url} names no identity provider: this address is no Guildhall.")
    if wanted is None and len(clients) > 1:
        raise WrongUseError("Choose an identity provider with --issuer: " + ", ".join(sorted(clients)))
    issuer = wanted or next(iter(clients))
    if issuer not in clients:
        raise WrongUseError(f"{issuer} is not trusted at {url}.")
    return str(issuer), str(clients[issuer])
