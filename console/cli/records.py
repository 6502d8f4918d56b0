"""`guildhall hold`, `retention`, `erase` and `change`: what is kept, and the changes that take two people."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import click

from console.cli.client import open_client, token_option
from console.cli.output import text, write_facts, write_json, write_rows
from console.cli.requests import ADMIN, json_option
from console.cli.signing import pages, sign, signed_content
from policy.canonical import content_hash

AUDITOR: Final = "auditor"
CHANGES: Final = "/api/v1/changes"
HOLDS: Final = "/api/v1/holds"
RETENTION: Final = "/api/v1/retention"
CLASSES: Final = ("admin", "auth", "invoke", "audit")
STATES: Final = ("pending", "approved", "refused", "withdrawn", "expired")
reason_option = click.option("--reason", required=True, help="Why, in 3 to 500 characters; it is recorded.")
meaning_option = click.option(
    "--meaning", required=True, help="What your signature means, such as 'I have looked at what goes'."
)
yes_option = click.option("--yes", is_flag=True, help="Sign without being asked once more.")
day = click.DateTime(["%Y-%m-%d"])


@click.group()
def hold() -> None:
    """Keep entries whole for a matter: one person makes a hold, two release it."""


@hold.command("create")
@click.option("--actor", help="Acts of this person: a handle or an id.")
@click.option("--resource", type=click.UUID, help="Acts on this id.")
@click.option("--request", type=click.UUID, help="What belongs to this request or change.")
@click.option("--since", type=day, help="From this day on (UTC).")
@click.option("--until", type=day, help="Before this day (UTC).")
@click.option("--first", "first_index", type=click.IntRange(0), help="From this entry on.")
@click.option("--last", "last_index", type=click.IntRange(0), help="Up to this entry.")
@reason_option
@json_option
@token_option
def create_hold(token: str | None, *, as_json: bool, **given: object) -> None:
    """Put under hold what fulfils every condition given; it counts at once. Writes the hold's id."""
    asked = {name: _plain(value) for name, value in given.items() if value is not None}
    with open_client(AUDITOR, token) as client:
        made = client.post(HOLDS, asked)
    if as_json:
        write_json(made)
        return
    click.echo(made["id"])
    click.echo(f"Held: {made['covers']}.", err=True)


@hold.command("list")
@click.option("--all", "everything", is_flag=True, help="Released ones too.")
@json_option
@token_option
def list_holds(token: str | None, *, everything: bool, as_json: bool) -> None:
    """List the holds in force."""
    with open_client(AUDITOR, token) as client:
        found = client.get(HOLDS, {"all": "true"} if everything else {})["items"]
    columns = ("id", "covers", "reason", "created", "released")
    write_json(found) if as_json else write_rows(columns, found)


@hold.command("release")
@click.argument("hold_id", metavar="ID", type=click.UUID)
@reason_option
@json_option
@token_option
def release_hold(hold_id: UUID, reason: str, token: str | None, *, as_json: bool) -> None:
    """Ask that the hold ID ends; somebody else has to agree. Writes the change's id."""
    ask(AUDITOR, token, f"{HOLDS}/{hold_id}/release", {"reason": reason}, as_json=as_json)


@click.group()
def retention() -> None:
    """See and change how long details are kept."""


@retention.command("show")
@json_option
@token_option
def show_retention(token: str | None, *, as_json: bool) -> None:
    """Show how long each class is kept; without approved days, for ever."""
    with open_client(ADMIN, token) as client:
        found = client.get(RETENTION)["items"]
    columns = ("name", "meaning", "days", "default_days", "floor_days", "removed_until")
    write_json(found) if as_json else write_rows(columns, found)


@retention.command("set")
@click.argument("name", metavar="CLASS", type=click.Choice(CLASSES))
@click.argument("days", type=int)
@reason_option
@json_option
@token_option
def set_retention(name: str, days: int, reason: str, token: str | None, *, as_json: bool) -> None:
    """Ask that the details of CLASS are kept for DAYS; somebody else has to agree."""
    ask(ADMIN, token, RETENTION, {"name": name, "days": days, "reason": reason}, as_json=as_json)


@click.command()
@click.argument("person")
@reason_option
@json_option
@token_option
def erase(person: str, reason: str, token: str | None, *, as_json: bool) -> None:
    """Ask that PERSON (a handle or an id) is erased; somebody else has to agree."""
    ask(ADMIN, token, "/api/v1/erasures", {"person": person, "reason": reason}, as_json=as_json)


@click.group()
def change() -> None:
    """Answer what others ask for: retentions, releases of holds, early removals, erasures."""


@change.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@json_option
@token_option
def list_changes(state: str | None, token: str | None, *, as_json: bool) -> None:
    """List the changes you may read, the newest first."""
    with open_client(ADMIN, token) as client:
        found = pages(client, CHANGES, {"state": state} if state else {})
    columns = ("id", "state", "sentence", "asked", "created")
    write_json(found) if as_json else write_rows(columns, found)


@change.command("approve")
@click.argument("change_id", metavar="ID", type=click.UUID)
@meaning_option
@yes_option
@json_option
@token_option
def approve_change(change_id: UUID, meaning: str, token: str | None, *, yes: bool, as_json: bool) -> None:
    """Sign the change ID; what is signed and what it does are shown first."""
    answer = {"decision": "approve", "meaning": meaning, "reason": ""}
    _answer(change_id, answer, token, yes=yes, as_json=as_json)


@change.command("refuse")
@click.argument("change_id", metavar="ID", type=click.UUID)
@reason_option
@yes_option
@json_option
@token_option
def refuse_change(change_id: UUID, reason: str, token: str | None, *, yes: bool, as_json: bool) -> None:
    """Refuse the change ID; it ends here."""
    answer = {"decision": "refuse", "meaning": "I refuse this change", "reason": reason}
    _answer(change_id, answer, token, yes=yes, as_json=as_json)


def ask(person: str, token: str | None, path: str, asked: dict[str, Any], *, as_json: bool) -> None:
    """Ask for a change and write its id."""
    with open_client(person, token) as client:
        created = client.post(path, asked)
    if as_json:
        write_json(created)
        return
    # The id alone on stdout, so that a shell can keep it; the rest is for who reads along.
    click.echo(created["id"])
    click.echo("It waits for somebody else: `guildhall change approve`, signed by a reviewer.", err=True)


def _answer(change_id: UUID, answer: dict[str, str], token: str | None, *, yes: bool, as_json: bool) -> None:
    with open_client(ADMIN, token) as client:
        found = client.get(f"{CHANGES}/{change_id}")
        facts = signed_content(found)
        hashed = content_hash(facts)
        write_facts({**facts, "content_hash": hashed, **answer}, err=as_json)
        for one in found["consequences"]:
            click.echo(f"{text(one['label'])}: {text(one['text'])}", err=as_json)
        if not yes:
            click.confirm("Sign this?", abort=True, err=as_json)
        path = f"{CHANGES}/{change_id}/reviews"
        reviewed = sign(client.send("POST", path, json={**answer, "content_hash": hashed}))
    write_json(reviewed) if as_json else click.echo(f"Signed. The change is {reviewed['state']}.")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value) if isinstance(value, UUID) else value
