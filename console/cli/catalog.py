"""`guildhall cluster`, `model` and `call`: what is served, what is offered, and one governed call."""

import json
import tomllib
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

import click
import httpx2

from console.cli.client import WrongUseError, explain, open_client, token_option
from console.cli.examples import example_input
from console.cli.output import text, write_facts, write_json, write_rows

ADMIN: Final = "admin"
AUDIT_ID: Final = "Guildhall-Audit-Id"
PAGE: Final = 200
WAITS: Final = "It waits for somebody else's answer:"
CLUSTER_COLUMNS: Final = ("name", "kind", "state", "seen", "url")
MODEL_COLUMNS: Final = ("name", "access", "visibility", "tier", "data_class", "title")
MODEL_FACTS: Final = (
    "name",
    "title",
    "summary",
    "task",
    "purpose",
    "team",
    "visibility",
    "tier",
    "data_class",
    "state",
    "access",
)
CARD: Final = ("intended_use", "limits", "data", "metrics", "algorithm", "framework", "licence")
VERSION_COLUMNS: Final = ("label", "weight", "state", "evidence_kind", "evidence")

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for a program.")
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def cluster() -> None:
    """Add, list and ask serving clusters."""


@cluster.command()
@click.argument("name")
@click.argument("url")
@json_option
@token_option
def add(name: str, url: str, token: str | None, *, as_json: bool) -> None:
    """Add the cluster NAME that already runs at URL."""
    with open_client(ADMIN, token) as client:
        added = client.post("/api/v1/clusters", {"name": name, "url": url})
    if as_json:
        write_json(added)
    elif added.get("change"):
        click.echo(f"{WAITS} change {added['change']['id']}.")
    else:
        write_facts({key: added[key] for key in CLUSTER_COLUMNS})


@cluster.command("list")
@json_option
@token_option
def list_clusters(token: str | None, *, as_json: bool) -> None:
    """List the clusters."""
    with open_client(ADMIN, token) as client:
        found = client.get("/api/v1/clusters")["items"]
    write_json(found) if as_json else write_rows(CLUSTER_COLUMNS, found)


@cluster.command()
@click.argument("name")
@json_option
@token_option
def sync(name: str, token: str | None, *, as_json: bool) -> None:
    """Ask the cluster NAME what it serves; what is new becomes a draft."""
    with open_client(ADMIN, token) as client:
        synced = client.post(f"/api/v1/clusters/{quote(name, safe='')}/sync")
    if as_json:
        write_json(synced)
    else:
        click.echo(f"{name} serves {synced['served']} versions, {synced['drafts']} of them new drafts.")


@click.group()
def model() -> None:
    """Find, read and publish models."""


@model.command("list")
@click.argument("words", nargs=-1)
@json_option
@token_option
def list_models(words: tuple[str, ...], token: str | None, *, as_json: bool) -> None:
    """List the models you may find, those with all WORDS when some are given."""
    found: list[dict[str, Any]] = []
    after: str | None = ""
    with open_client(ADMIN, token) as client:
        while after is not None:
            page = client.get("/api/v1/routes", {"q": " ".join(words), "after": after, "limit": PAGE})
            found, after = [*found, *page["items"]], page["next"]
    write_json(found) if as_json else write_rows(MODEL_COLUMNS, found)


@model.command()
@click.argument("route")
@json_option
@token_option
def show(route: str, token: str | None, *, as_json: bool) -> None:
    """Read the model of ROUTE: what it is for, its card and its versions."""
    with open_client(ADMIN, token) as client:
        found = client.get(_route_path(route))
    if as_json:
        write_json(found)
        return
    write_facts({name: found[name] for name in MODEL_FACTS})
    click.echo()
    write_facts({name: _told(found["card"][name]) for name in CARD if name in found["card"]})
    click.echo()
    write_rows(VERSION_COLUMNS, found["versions"])


@model.command()
@file_argument
@json_option
@token_option
def publish(file: Path, token: str | None, *, as_json: bool) -> None:
    """Ask that the model which FILE describes, in JSON or TOML, is published under a new route."""
    with open_client(ADMIN, token) as client:
        asked = client.post("/api/v1/models", read_document(file))
    write_json(asked) if as_json else click.echo(f"{WAITS} change {asked['id']}.")


@click.command()
@click.argument("route")
@click.option("--input", "given", type=click.File("rb"), help="A V2 request in JSON; - reads stdin.")
@click.option("--quiet", is_flag=True, help="Write only the audit id.")
@json_option
@token_option
def call(route: str, given: IO[bytes] | None, token: str | None, *, quiet: bool, as_json: bool) -> None:
    """Call the model of ROUTE; without --input, with zeros in the shape it declares."""
    with open_client(ADMIN, token) as client:
        body = read_request(given) if given else example_input(client.get(_route_path(route)))
        answer = client.send("POST", f"/v2/models/{quote(route, safe='')}/infer", json=body)
    entry = answer.headers.get(AUDIT_ID)
    if as_json:
        write_json({"status": answer.status_code, "audit_id": entry, "answer": _json_of(answer)})
    if not answer.is_success:
        refusal = explain(answer)
        recorded = f" Recorded as {entry}." if entry else ""
        raise type(refusal)(refusal.message + recorded)
    if not as_json:
        _write_answer(answer, entry, quiet=quiet)


def _write_answer(answer: httpx2.Response, entry: str | None, *, quiet: bool) -> None:
    if quiet:
        click.echo(entry)
        return
    outputs = _json_of(answer)["outputs"]
    write_facts({item["name"]: text(item["data"]) for item in outputs} | {"audit id": entry})


def read_request(file: IO[bytes]) -> object:
    """Return the JSON of a request.

    Raises:
        WrongUseError: it is not JSON.
    """
    try:
        return json.load(file)
    except ValueError:
        raise WrongUseError("The input is not JSON.") from None


def read_document(path: Path) -> object:
    """Return what a JSON or TOML file holds.

    Raises:
        WrongUseError: it is neither.
    """
    try:
        content = path.read_text("utf-8")
        return tomllib.loads(content) if path.suffix == ".toml" else json.loads(content)
    except ValueError:
        raise WrongUseError(f"{path} is not what its name says: JSON, or TOML in a .toml.") from None


def _told(value: object) -> object:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, list) and all(isinstance(item, dict) and "basis_points" in item for item in value):
        return ", ".join(f"{item.get('name')} {item['basis_points'] / 100:.2f} %" for item in value)
    return value


def _route_path(route: str) -> str:
    return f"/api/v1/routes/{quote(route, safe='')}"


def _json_of(answer: httpx2.Response) -> Any:  # noqa: ANN401 - JSON
    try:
        return answer.json()
    except ValueError:
        return None
