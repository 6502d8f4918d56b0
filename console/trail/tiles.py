"""The log as files: checkpoint, hash tiles and entry bundles, as C2SP tlog-tiles lays them out.

Source: https://c2sp.org/tlog-tiles. Nothing beyond the signed size is served. Checkpoint and hash tiles say
nothing about anybody, so reading them is not recorded; entry bundles hold everybody's heads, so it is.
"""

import re
from dataclasses import dataclass
from typing import Final

from audit.errors import TileError
from audit.event import Part
from audit.events import Action
from audit.reader import StoredCheckpoint
from audit.tree import tiles
from audit.tree.tiles import TILE_WIDTH
from console.errors import NotFoundError
from console.questions import Resource
from console.services import Services
from console.work import UnitOfWork
from policy.permissions import Permission

ADDRESS: Final = re.compile(
    r"(?P<level>entries|[0-9]{1,2})/(?P<groups>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[0-9]{1,3}))?"
)
ABSENT: Final = "The signed log has no such tile."


@dataclass(frozen=True, slots=True)
class TileAddress:
    """Which tile is asked for; `level` is None for a bundle of entries."""

    level: int | None
    number: int
    width: int

    @property
    def complete(self) -> bool:
        """Whether the tile can never change any more."""
        return self.width == TILE_WIDTH


async def read_checkpoint(work: UnitOfWork) -> bytes:
    """Return the newest signed checkpoint (https://c2sp.org/tlog-checkpoint).

    Raises:
        NotFoundError: nothing has been signed yet.
    """
    await _authorize(work, "checkpoint")
    return await checkpoint_of(work.services)


async def read_timestamp(work: UnitOfWork) -> bytes:
    """Return the newest time stamp (RFC 3161), over what ``read_stamped_checkpoint`` returns.

    Raises:
        NotFoundError: nothing has been stamped.
    """
    await _authorize(work, "checkpoint")
    return await timestamp_of(work.services)


async def read_stamped_checkpoint(work: UnitOfWork) -> bytes:
    """Return the checkpoint that the newest time stamp is over.

    Raises:
        NotFoundError: nothing has been stamped.
    """
    await _authorize(work, "checkpoint")
    return await stamped_checkpoint_of(work.services)


async def read_tile(work: UnitOfWork, address: TileAddress) -> bytes:
    """Return a tile's hashes, or a bundle's entries.

    Raises:
        RefusedError: a member, or a scoped auditor who asks for entries.
        NotFoundError: the signed tree does not hold as many.
    """
    await _authorize(work, "entries" if address.level is None else "tile")
    if address.level is not None:
        return await tile_of(work.services, address)
    await _require_signed(work.services, 0, address)
    await _record(work, address)
    return _found(await work.services.log.entry_bundle(address.number, address.width))


async def checkpoint_of(services: Services) -> bytes:
    """Return what ``read_checkpoint`` does, to whom may have it."""
    return (await _signed(services)).note.encode()


async def timestamp_of(services: Services) -> bytes:
    """Return what ``read_timestamp`` does, to whom may have it."""
    return (await _stamped(services))[1]


async def stamped_checkpoint_of(services: Services) -> bytes:
    """Return what ``read_stamped_checkpoint`` does, to whom may have it."""
    return (await _stamped(services))[0].note.encode()


async def tile_of(services: Services, address: TileAddress) -> bytes:
    """Return a tile's hashes, to whom may have them; a bundle of entries is never one.

    Raises:
        NotFoundError: the signed tree does not hold as many.
    """
    if address.level is None:
        raise NotFoundError(ABSENT)
    await _require_signed(services, address.level, address)
    return _found(await services.log.tile(address.level, address.number, address.width))


def parse_address(path: str) -> TileAddress:
    """Return which tile `path` names, such as ``0/x001/234`` or ``entries/000.p/5``.

    Raises:
        NotFoundError: no tile has such an address; each has exactly one.
    """
    found = ADDRESS.fullmatch(path)
    if found is None:
        raise NotFoundError(ABSENT)
    level = None if found["level"] == "entries" else int(found["level"])
    number = int(found["groups"].replace("/", "").replace("x", ""))
    address = TileAddress(level, number, int(found["width"] or TILE_WIDTH))
    if write_address(address) != f"tile/{path}":
        raise NotFoundError(ABSENT)
    return address


def write_address(address: TileAddress) -> str | None:
    """Return the one path of a tile, or None when there can be no such tile."""
    try:
        if address.level is None:
            return tiles.bundle_path(address.number, address.width)
        return tiles.tile_path(address.level, address.number, address.width)
    except TileError:
        return None


def _log(part: str) -> Resource:
    return Resource("log", None, {"part": part})


async def _authorize(work: UnitOfWork, part: str) -> None:
    await work.authorize(Permission.LOG_READ, _log(part))


async def _require_signed(services: Services, level: int, address: TileAddress) -> None:
    signed = await _signed(services)
    if not 1 <= address.width <= tiles.tile_width(level, address.number, signed.size):
        raise NotFoundError(ABSENT)


def _found(data: bytes | None) -> bytes:
    if data is None:
        raise NotFoundError(ABSENT)
    return data


async def _signed(services: Services) -> StoredCheckpoint:
    checkpoint = await services.log.latest_checkpoint()
    if checkpoint is None:
        raise NotFoundError("Nothing has been signed yet.")
    return checkpoint


async def _stamped(services: Services) -> tuple[StoredCheckpoint, bytes]:
    found = await services.log.timestamp()
    if found is None:
        raise NotFoundError("Nothing has been stamped.")
    return found


async def _record(work: UnitOfWork, address: TileAddress) -> None:
    first = address.number * TILE_WIDTH
    content = {"first": first, "last": first + address.width - 1}
    async with work.write():
        await work.record(
            Action.LOG_READ,
            resource=_log("entries"),
            parts=[Part(name="entries", subject=None, content=content)],
        )
