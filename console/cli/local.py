"""Commands that run on the host itself: serve, db, bootstrap, dev, doctor."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import click

from console import runtime
from console.settings import Settings, load_settings


def settings_with(host: str | None = None, port: int | None = None, data: Path | None = None) -> Settings:
    """Return the settings, with what was given on the command line."""
    given: dict[str, Any] = {"data": data} if data else {}
    server = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    return load_settings(**given, **({"server": server} if server else {}))


@click.command()
@click.option("--role", type=click.Choice(["all", "console", "gateway", "worker"]), default="all")
@click.option("--host")
@click.option("--port", type=int)
def serve(role: str, host: str | None, port: int | None) -> None:
    """Run the console, the gateway, the worker, or all of them."""
    from console import serve as roles  # noqa: PLC0415 - the server's imports are not needed by other commands

    settings = settings_with(host, port)
    # Ctrl-C is how a server ends: it has stopped in order when the interrupt reaches us.
    with contextlib.suppress(KeyboardInterrupt):
        runtime.run(roles.serve(settings, role, click.echo))


@click.group()
def db() -> None:
    """Look after the databases."""


@db.command()
def upgrade() -> None:
    """Bring every database to the newest revision."""
    from console.installation import migrate_all  # noqa: PLC0415 - Alembic is slow to import

    asyncio.run(migrate_all(load_settings()))
    click.echo("Every database is at the newest revision.")


@db.command()
def check() -> None:
    """Exit with 1 when a database is not at the newest revision."""
    from console.installation import check_current  # noqa: PLC0415 - as above

    current = asyncio.run(check_current(load_settings()))
    click.echo("Every database is current." if current else "Run `guildhall db upgrade` first.")
    sys.exit(0 if current else 1)


@click.command()
@click.option("--issuer", required=True, help="The identity provider, exactly as it writes itself.")
@click.option("--subject", required=True, help="The person's `sub` there.")
def bootstrap(issuer: str, subject: str) -> None:
    """Make the first admin; refused once there has been one."""
    from console.people.bootstrap import bootstrap_admin  # noqa: PLC0415 - as above

    handle = asyncio.run(bootstrap_admin(load_settings(), issuer, subject))
    click.echo(f"{handle} is the first admin. Sign in to go on.")


@click.group()
def dev() -> None:
    """Help with the embedded profile."""


@dev.command()
@click.argument("person", type=click.Choice(["admin", "auditor", "reviewer", "owner", "member"]))
@click.option("--step-up", is_flag=True, help="A fresh, strong sign-in, as approvals need.")
def token(person: str, *, step_up: bool) -> None:
    """Print an access token of one of the demo's people, and nothing else."""
    from console.clock import system_clock  # noqa: PLC0415 - as above
    from sso.dev.tokens import issue_token  # noqa: PLC0415 - as above

    settings = load_settings()
    if not settings.embedded:
        raise click.UsageError("Development tokens exist in the embedded profile only.")
    running = settings.data / "run.json"
    if not running.exists():
        raise click.UsageError("Nothing runs yet: start `guildhall demo` first.")
    issuer = json.loads(running.read_text("utf-8"))["issuer"]
    click.echo(issue_token(settings.data / "dev-idp.key", issuer, person, step_up, system_clock()))


@click.command()
@click.option("--json", "as_json", is_flag=True)
@click.option("--keycloak-admin", help="An administrator's name, to look at clients and mappers there too.")
@click.option("--keycloak-password", envvar="KEYCLOAK_ADMIN_PASSWORD", help="Asked for when not given.")
def doctor(keycloak_admin: str | None, keycloak_password: str | None, *, as_json: bool) -> None:
    """Ping every outside service, say what is wrong and how to mend it."""
    from console.doctor import examine  # noqa: PLC0415 - as above

    admin = None
    if keycloak_admin:
        admin = keycloak_admin, keycloak_password or click.prompt("Password", hide_input=True, err=True)
    findings = asyncio.run(examine(load_settings(), admin))
    if as_json:
        click.echo(json.dumps([finding.document() for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(finding.line())
    sys.exit(0 if all(finding.ok for finding in findings) else 3)
