"""Copies the signed log into a folder, laid out as C2SP tlog-tiles: what `audit verify` reads offline."""

import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import click

from audit.checkpoints.checkpoint import Checkpoint, verify_checkpoint
from audit.checkpoints.stamped import FOLDER
from audit.errors import AuditError
from audit.tree import tiles
from audit.tree.tiles import TILE_WIDTH
from console.cli.client import Client, CommandError


def download(client: Client, directory: Path) -> Checkpoint:
    """Write keys, time stamp, tiles, bundles and, last, the checkpoint; return the checkpoint.

    Raises:
        CommandError: refused, unavailable, or a checkpoint that the log's own key did not sign.
    """
    key = client.get("/api/v1/audit/key")
    vkey, stamped = str(key["vkey"]), get_stamped(client)
    note = client.get_bytes("/log/checkpoint")
    try:
        checkpoint = verify_checkpoint(note, vkey)
    except AuditError as error:
        raise CommandError(f"The checkpoint does not hold: {error}") from None
    write(directory / "vkey", f"{vkey}\n".encode())
    write(directory / "policy", str(key["policy"]).encode())
    for name, data in stamped.items():
        write(directory / FOLDER / name, data)
    paths = list(list_files(checkpoint.size))
    hidden = not sys.stderr.isatty()
    with click.progressbar(paths, label="Copying the log", file=sys.stderr, hidden=hidden) as shown:
        for path in shown:
            write(directory / path, client.get_bytes(f"/log/{path}"))
    # Only a whole export has a checkpoint: one that was interrupted cannot be mistaken for it.
    write(directory / "checkpoint", note)
    return checkpoint


def get_stamped(client: Client) -> dict[str, bytes]:
    """Return the newest time stamp and what it is over, as files; none when the log has no time stamps."""
    token = client.send("GET", "/log/timestamp")
    if token.status_code == HTTPStatus.NOT_FOUND:
        return {}
    note = client.get_bytes("/log/timestamp/checkpoint")
    text = note[: note.index(b"\n\n") + 1]
    return {"checkpoint": note, "data": text, "token.tsr": client.get_bytes("/log/timestamp")}


def list_files(size: int) -> Iterator[str]:
    """Yield the path of every tile and bundle of a tree of `size`."""
    level = 0
    while size >> (8 * level):
        for index in range(-(-(size >> (8 * level)) // TILE_WIDTH)):
            yield tiles.tile_path(level, index, tiles.tile_width(level, index, size))
        level += 1
    for index in range(-(-size // TILE_WIDTH)):
        yield tiles.bundle_path(index, tiles.tile_width(0, index, size))


def write(path: Path, data: bytes) -> None:
    """Write a file and the folders it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
