"""`guildhall audit`: search the log, take it away, prove it, and count who follows it."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import click

from audit.__main__ import main as verify_main
from console.cli.client import Client, open_client, token_option
from console.cli.events import FORMATS, write_events
from console.cli.log_care import freeze, key, succeed, witness
from console.cli.takeaway import download

AUDITOR = "auditor"
PAGE = 200
DEEP_SECONDS = 3_600.0


@click.group()
def audit() -> None:
    """Search, export and verify the log."""


@audit.command()
@click.argument("query", default="")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most.")
@click.option("--oldest-first", is_flag=True, help="Begin with the oldest entry.")
@token_option
def search(query: str, form: str, limit: int, token: str | None, *, oldest_first: bool) -> None:
    """Find entries by field:value pairs, such as 'actor:member outcome:denied'."""
    order = "oldest" if oldest_first else "newest"
    with open_client(AUDITOR, token) as client:
        write_events(find_events(client, query, order, limit), form)


@audit.command()
@click.argument("directory", type=click.Path(path_type=Path))
@token_option
def export(directory: Path, token: str | None) -> None:
    """Copy the signed log into an empty DIRECTORY, with its public key as `vkey`."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise click.UsageError(f"{directory} is not an empty folder.")
    with open_client(AUDITOR, token) as client:
        checkpoint = download(client, directory)
    click.echo(f"{checkpoint.size} entries of {checkpoint.origin} are in {directory}.")


@audit.command()
@click.argument("path", type=click.Path())
@click.option(
    "--key",
    "keys",
    required=True,
    multiple=True,
    help="A verifier key of the log, or @FILE with keys or a policy; may be given several times.",
)
@click.option(
    "--extends", type=click.Path(), help="A checkpoint kept from before, which an export must extend."
)
@click.option("--strict", is_flag=True, help="Also read every head of an export as JSON.")
def verify(path: str, keys: tuple[str, ...], extends: str | None, *, strict: bool) -> None:
    """Verify an export, a .tlog-proof or a range at PATH, offline; exit with 1 when it does not hold."""
    kept = [f"--extends={extends}"] if extends else []
    closely = ["--strict"] if strict else []
    sys.exit(verify_main(["verify", *(f"--key={key}" for key in keys), *kept, *closely, "--", path]))


@audit.command()
@click.argument("event_id", metavar="ID", type=click.UUID)
@click.option("--output", type=click.Path(path_type=Path), help="Another name than ID.tlog-proof.")
@token_option
def receipt(event_id: UUID, output: Path | None, token: str | None) -> None:
    """Fetch the proof of the entry ID."""
    path = output or Path(f"{event_id}.tlog-proof")
    with open_client(AUDITOR, token) as client:
        path.write_bytes(client.get_bytes(f"/api/v1/audit/events/{event_id}/proof"))
    click.echo(str(path))


@audit.command("range")
@click.argument("first", type=click.IntRange(min=0))
@click.argument("last", type=click.IntRange(min=0))
@click.option("--output", type=click.Path(path_type=Path), help="Another name than FIRST-LAST.range.")
@token_option
def take_range(first: int, last: int, output: Path | None, token: str | None) -> None:
    """Fetch the entries FIRST to LAST with the proof that none between them is left out."""
    path = output or Path(f"{first}-{last}.range")
    with open_client(AUDITOR, token) as client:
        path.write_bytes(client.get_bytes(f"/api/v1/audit/range?first={first}&last={last}"))
    click.echo(str(path))


@audit.command()
@click.argument("sink")
@click.option("--deep", is_flag=True, help="Look at every document, and rebuild the signed root from them.")
@click.option("--json", "as_json", is_flag=True, help="Write the counts for a program.")
@token_option
def reconcile(sink: str, token: str | None, *, deep: bool, as_json: bool) -> None:
    """Compare what SINK holds with the signed log; exit with 1 when anything differs."""
    path = f"/api/v1/audit/sinks/{quote(sink, safe='')}/reconcile"
    with open_client(AUDITOR, token) as client:
        found = client.post(f"{path}/deep", patience=DEEP_SECONDS) if deep else client.post(path)
    lines = tell_documents(found) if deep else tell_counts(found)
    click.echo(json.dumps(found, indent=2) if as_json else "\n".join(lines))
    sys.exit(0 if found["exact"] else 1)


for command in (freeze, key, succeed, witness):
    audit.add_command(command)


def tell_counts(found: Mapping[str, Any]) -> list[str]:
    """Return what was counted, line by line."""
    lines = [f"The log has {found['total_log']} entries, {found['sink']} has {found['total_sink']}."]
    lines += [f"missing: {first} to {last}" for first, last in found["missing"]]
    return [*lines, f"too many: {found['extra']}"] if found["extra"] else lines


def tell_documents(found: Mapping[str, Any]) -> list[str]:
    """Return what was found in the documents, line by line; the lists name the first hundred."""
    root = "is the signed one" if found["root"] else "IS NOT the signed one"
    lines = [
        f"{found['total_sink']} documents of {found['sink']} were compared with {found['size']} entries.",
        f"The root built from its copies alone {root}.",
    ]
    lines += [f"changed: {index}" for index in found["changed"]]
    lines += [f"missing: {first} to {last}" for first, last in found["missing"]]
    lines += [f"added: {name}" for name in found["added"]]
    counts = [f"{found[f'{kind}_count']} {kind}" for kind in ("changed", "missing", "added")]
    return lines if found["exact"] else [*lines, f"In all: {', '.join(counts)}."]


def find_events(client: Client, query: str, order: str, limit: int) -> list[dict[str, Any]]:
    """Return at most `limit` entries that match, page by page."""
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None and len(found) < limit:
        asked: dict[str, str | int] = {
            "q": query,
            "order": order,
            "limit": min(PAGE, limit - len(found)),
            "after": after,
        }
        page = client.get("/api/v1/audit/events", asked)
        found += page["items"]
        after = page["next"]
    return found
