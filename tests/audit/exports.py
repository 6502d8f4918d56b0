"""Exports of a log as `guildhall audit export` lays them out, read from the log's own database."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from uuid_utils.compat import uuid7

from audit.entry_rows import Pending
from audit.event import Event, Part
from audit.events import Action
from audit.log import Log
from audit.reader import LogReader
from audit.record import Record, seal
from audit.tree import tiles
from audit.tree.tiles import TILE_WIDTH
from tests.audit.log_store import Store, a_record

AT_ONCE = 5_000


def records(count: int, template: Record | None = None) -> list[Record]:
    """Records that differ in their ids alone: sealing each would take the longest."""
    alike = template or a_record()
    return [replace(alike, head_fields={**alike.head_fields, "id": str(uuid7())}) for _ in range(count)]


async def grow(store: Store, log: Log, count: int, *, remembers: bool = False) -> None:
    """Append `count` entries, sealed under the store's own keys, and sign."""
    part = Part(name="call", subject=None, content={"bytes": 12})
    event = Event(action=Action.MODEL_INVOKE, actor=uuid7(), parts=(part,))
    template = seal(event, time=store.clock(), keys=await store.keys.ensure([None]))
    for start in range(0, count, AT_ONCE):
        made = records(min(AT_ONCE, count - start), template)
        await log.append([Pending(one, "gateway") for one in made])
    await store.checkpointer(log, remembers=remembers).sign(store.clock())


async def export(store: Store, folder: Path) -> Path:
    """Write the signed log into `folder` with its key and return the folder."""
    reader = LogReader(store.engine)
    signed = await reader.latest_checkpoint()
    assert signed is not None
    for level in range(8):
        for number in range(-(-(signed.size >> (8 * level)) // TILE_WIDTH)):
            width = tiles.tile_width(level, number, signed.size)
            write(folder / tiles.tile_path(level, number, width), await reader.tile(level, number, width))
    for number in range(-(-signed.size // TILE_WIDTH)):
        width = tiles.tile_width(0, number, signed.size)
        write(folder / tiles.bundle_path(number, width), await reader.entry_bundle(number, width))
    write(folder / "vkey", f"{store.signer.vkey}\n".encode())
    write(folder / "checkpoint", signed.note.encode())
    return folder


async def heads(store: Store) -> Sequence[bytes]:
    """The bytes of every entry, in order."""
    reader = LogReader(store.engine)
    return [one.head for one in await reader.entries(range(await reader.size()))]


def write(path: Path, data: bytes | None) -> None:
    assert data is not None, path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def files(folder: Path) -> dict[str, bytes]:
    """Path and bytes of every file below `folder`."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
