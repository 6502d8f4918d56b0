"""`guildhall break-glass`: on the host itself, with a sealed credential, when nobody can sign in."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import click

from audit.head import format_time
from console.services import Services
from console.settings import load_settings
from console.work import UnitOfWork

T = TypeVar("T")
CREDENTIAL = "Sealed credential"


@click.group("break-glass")
def break_glass() -> None:
    """Stop, revoke and repair when nobody can sign in; two sealed credentials, and every act is flagged."""


@break_glass.command()
@click.argument("handle")
def seal(handle: str) -> None:
    """Print a new credential for one of the two holders, once; seal it in an envelope."""
    from console.break_glass.sealing import seal as make  # noqa: PLC0415 - only the commands on the host need it

    click.echo(_on_host(lambda services: make(services, handle)))


@break_glass.command("open")
@click.option("--ticket", required=True, help="Where it is written down why.")
def open_it(ticket: str) -> None:
    """Open for 60 minutes with one credential, which is spent by that."""
    from console.break_glass.opening import open_break_glass  # noqa: PLC0415 - as above

    text = _credential()
    use = _on_host(lambda services: open_break_glass(services, text, ticket))
    click.echo(f"Open until {format_time(use.ends)}. Every act is recorded, flagged and reviewed.")


@break_glass.command()
def extend() -> None:
    """Go on until 60 minutes from now, with both credentials."""
    from console.break_glass.opening import extend_break_glass  # noqa: PLC0415 - as above

    texts = (_credential("First sealed credential"), _credential("Second sealed credential"))
    use = _on_host(lambda services: extend_break_glass(services, texts))
    click.echo(f"Open until {format_time(use.ends)}.")


@break_glass.command()
def close() -> None:
    """End it before its time."""
    from console.break_glass.opening import close_break_glass  # noqa: PLC0415 - as above

    _act(close_break_glass)
    click.echo("Closed. Somebody else has to review it before it can be opened again.")


@break_glass.command("stop-route")
@click.argument("route")
@click.option("--reason", required=True)
def stop(route: str, reason: str) -> None:
    """Refuse every further call on a route."""
    from console.catalog.stopping import stop_route  # noqa: PLC0415 - as above

    _act(lambda work, _: stop_route(work, route, reason))
    click.echo(f"{route} is stopped.")


@break_glass.command("revoke-grant")
@click.argument("grant", type=click.UUID)
@click.option("--reason", required=True)
def revoke_grant(grant: UUID, reason: str) -> None:
    """End a grant now."""
    from console.access.revoking import revoke_grant as revoke  # noqa: PLC0415 - as above

    _act(lambda work, _: revoke(work, grant, reason))
    click.echo("The grant has ended.")


@break_glass.command("revoke-key")
@click.argument("key", type=click.UUID)
@click.option("--reason", required=True)
def revoke_key(key: UUID, reason: str) -> None:
    """End a key now."""
    from console.keys.revoking import revoke_key as revoke  # noqa: PLC0415 - as above

    _act(lambda work, _: revoke(work, key, reason))
    click.echo("The key has ended.")


@break_glass.command("sign-out")
@click.argument("handle")
def sign_out(handle: str) -> None:
    """End every session of a person."""
    from console.break_glass.acting import sign_out_person  # noqa: PLC0415 - as above

    ended = _act(lambda work, _: sign_out_person(work, handle))
    click.echo(f"{ended} sessions ended.")


@break_glass.command("repair-sign-in")
@click.option("--issuer", required=True, help="The identity provider, exactly as it writes itself.")
@click.option("--subject", required=True, help="The person's `sub` there.")
def repair(issuer: str, subject: str) -> None:
    """Make one identity an admin by hand; once a use."""
    from console.break_glass.acting import repair_sign_in  # noqa: PLC0415 - as above

    handle = _act(lambda work, use: repair_sign_in(work, use, issuer, subject))
    click.echo(f"{handle} is admin by hand.")


def _credential(prompt: str = CREDENTIAL) -> str:
    return str(click.prompt(prompt, hide_input=True))


def _act(act: Callable[[UnitOfWork, UUID], Awaitable[T]]) -> T:
    from console.break_glass.acting import act_under  # noqa: PLC0415 - as above

    text = _credential()

    async def acted(services: Services) -> T:
        return await act(*await act_under(services, text))

    return _on_host(acted)


def _on_host(act: Callable[[Services], Awaitable[T]]) -> T:
    from console.break_glass.host import run_on_host  # noqa: PLC0415 - as above

    return asyncio.run(run_on_host(load_settings(), act))
