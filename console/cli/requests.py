"""`guildhall request` and `guildhall approve`: ask for access, and sign an answer to what was asked."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import click

from console.cli.client import CommandError, open_client, token_option
from console.cli.output import text, write_facts, write_json, write_rows
from console.cli.signing import pages, sign, signed_content
from policy.canonical import content_hash

ADMIN: Final = "admin"
REQUESTS: Final = "/api/v1/access-requests"
STATES: Final = ("pending", "approved", "refused", "withdrawn", "expired")
COLUMNS: Final = ("id", "state", "route", "team", "requester", "asked", "created")
FACTS: Final = ("id", "state", "created", "decided", "grant_id", "stale", "content_hash")
REVIEW_COLUMNS: Final = ("reviewer", "decision", "meaning", "reason", "time")

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for a program.")
id_argument = click.argument("request_id", metavar="ID", type=click.UUID)


@click.group()
def request() -> None:
    """Ask for access to a model, and follow what was asked."""


@request.command()
@click.argument("route")
@click.option("--team", required=True, help="The team of yours that will call it.")
@click.option(
    "--service", type=click.UUID, help="Only for this service account of the team, by id; you own the team."
)
@click.option("--person", help="Only for this member of it, by handle or id: you, or anybody if you own it.")
@click.option("--purpose", required=True, help="What for, in 3 to 500 characters.")
@click.option("--days", type=click.IntRange(1, 365), default=90, show_default=True, help="For how long.")
@json_option
@token_option
def create(  # noqa: PLR0917 - each is an option
    route: str,
    team: str,
    service: UUID | None,
    person: str | None,
    purpose: str,
    days: int,
    token: str | None,
    *,
    as_json: bool,
) -> None:
    """Ask that your team, a service account or a member of it may call ROUTE; writes the request's id."""
    asked = {"route": route, "team": team, "purpose": purpose, "duration_days": days}
    if service:
        asked["service"] = str(service)
    if person:
        asked["person"] = person
    with open_client(ADMIN, token) as client:
        created = client.post(REQUESTS, asked)
    if as_json:
        write_json(created)
        return
    # The id alone on stdout, so that a shell can keep it; the rest is for who reads along.
    click.echo(created["id"])
    click.echo(f"It needs {_needs(created['required'])}.", err=True)


@request.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--asked", is_flag=True, help="Only those that wait for your answer.")
@json_option
@token_option
def list_requests(state: str | None, token: str | None, *, asked: bool, as_json: bool) -> None:
    """List the requests you may read, the newest first."""
    wanted: dict[str, str | int] = {"state": state} if state else {}
    with open_client(ADMIN, token) as client:
        found = pages(client, REQUESTS, wanted | ({"asked": "true"} if asked else {}))
    write_json(found) if as_json else write_rows(COLUMNS, [_named(item, "requester") for item in found])


@request.command()
@id_argument
@json_option
@token_option
def show(request_id: UUID, token: str | None, *, as_json: bool) -> None:
    """Read the request ID: what was asked, what is missing, and who answered."""
    with open_client(ADMIN, token) as client:
        found = client.get(f"{REQUESTS}/{request_id}")
    if as_json:
        write_json(found)
        return
    write_facts(found["content"])
    click.echo()
    write_facts({name: found[name] for name in FACTS} | {"missing": _needs(found["missing"]) or "nothing"})
    if found["reviews"]:
        click.echo()
        write_rows(REVIEW_COLUMNS, [_named(review, "reviewer") for review in found["reviews"]])


@request.command()
@id_argument
@token_option
def withdraw(request_id: UUID, token: str | None) -> None:
    """Withdraw your request ID."""
    with open_client(ADMIN, token) as client:
        client.post(f"{REQUESTS}/{request_id}/withdraw")
    click.echo("Withdrawn.")


@request.command()
@id_argument
@click.option("--reason", required=True, help="Why, in 3 to 500 characters; it is recorded.")
@token_option
def revoke(request_id: UUID, reason: str, token: str | None) -> None:
    """Revoke the grant that the request ID led to, on a model your team owns."""
    with open_client(ADMIN, token) as client:
        grant = client.get(f"{REQUESTS}/{request_id}")["grant_id"]
        if grant is None:
            raise CommandError("This request has led to no grant.")
        client.delete(f"/api/v1/grants/{grant}", {"reason": reason})
    click.echo("Revoked. Every call under this grant is refused within seconds.")


@click.command()
@id_argument
@click.option("--meaning", required=True, help="What your signature means, such as 'owner accepts the use'.")
@click.option("--reason", default="", help="Why; whoever refuses has to say it.")
@click.option("--refuse", is_flag=True, help="Refuse instead.")
@click.option("--yes", is_flag=True, help="Sign without being asked once more.")
@json_option
@token_option
def approve(
    request_id: UUID,
    meaning: str,
    reason: str,
    token: str | None,
    *,
    refuse: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Sign an answer to the access request ID; what is signed is shown first, with its hash."""
    decision = "refuse" if refuse else "approve"
    with open_client(ADMIN, token) as client:
        signed = signed_content(client.get(f"{REQUESTS}/{request_id}"))
        facts = {**signed, "content_hash": content_hash(signed)}
        write_facts(facts | {"decision": decision, "meaning": meaning, "reason": reason}, err=as_json)
        if not yes:
            click.confirm("Sign this?", abort=True, err=as_json)
        answer = {"decision": decision, "meaning": meaning, "reason": reason}
        answer["content_hash"] = content_hash(signed)
        reviewed = sign(client.send("POST", f"{REQUESTS}/{request_id}/reviews", json=answer))
    write_json(reviewed) if as_json else click.echo(f"Signed. The request is {reviewed['state']}.")


def _named(item: Mapping[str, Any], person: str) -> dict[str, Any]:
    who = item[person]
    return {**item, person: who["handle"] or who["id"]}


def _needs(groups: list[dict[str, Any]]) -> str:
    asked = [
        text(item["group"]) + (f" ({item['count']} people)" if item["count"] > 1 else "") for item in groups
    ]
    return " and ".join(asked)
