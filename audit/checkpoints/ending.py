"""How a log changes its key, how it ends, and how another one takes up after it."""

import base64
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.checkpoints import key_history
from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.signing import LogKeys
from audit.entry_rows import LOG_PRODUCER, Pending
from audit.event import Event
from audit.events import Action
from audit.head import format_time
from audit.log import Log, LogFrozenError, genesis_record, read_head
from audit.models import open_intent, spool_cursor
from audit.record import Record, seal
from audit.subjects.keyring import MemoryKeyRing


@dataclass(frozen=True, slots=True)
class Leave:
    """On whose word it is done: the approved change, or the flags that say that nobody else was there."""

    request: UUID | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rotation:
    """A change of keys. ``overlap_until`` is in microseconds UTC; 0 when the former key is lost."""

    former_vkey: str
    fresh: LogKeys
    overlap_until: int = 0
    leave: Leave = Leave()


def begin_record(
    keys: LogKeys, *, profile: str, now: int, after: Checkpoint | None = None, lost: int = 0
) -> Record:
    """Return the first entry of a log: its keys, and the log it follows, cited by its last checkpoint.

    ``lost`` is how many of that log's signed entries its database no longer holds.

    Raises:
        EntryTooLargeError: the two origins are too long for one head.
    """
    flags = _cosigner_flags(keys)
    if after is not None:
        root = base64.b64encode(after.root).decode()
        flags += [f"follows_origin:{after.origin}", f"follows_size:{after.size}", f"follows_root:{root}"]
        flags += [f"follows_lost:{lost}"] if lost else []
    return genesis_record(profile=profile, vkey=keys.signer.vkey, now=now, flags=flags)


async def rotate(engine: AsyncEngine, log: Log, rotation: Rotation, now: int) -> int:
    """Log the change of keys and return its index: larger trees are signed by the new key.

    To be called by whoever holds the log, with nothing else running.

    Raises:
        LogFrozenError: the log was ended.
    """
    async with engine.connect() as connection:
        head = await read_head(connection)
    flags = [
        f"{key_history.FROM_INDEX}{head.frontier.size}",
        f"{key_history.FORMER}{rotation.former_vkey}",
        f"{key_history.VKEY}{rotation.fresh.signer.vkey}",
        *_cosigner_flags(rotation.fresh),
        f"{key_history.OVERLAP}{format_time(rotation.overlap_until)}"
        if rotation.overlap_until
        else key_history.LOST,
    ]
    record = _record(Action.LOG_ROTATE, flags, now, rotation.leave)
    return (await log.append([Pending(record, LOG_PRODUCER)])).start


async def freeze(log: Log, now: int, leave: Leave = Leave()) -> int:
    """End the log and return the index of its last entry.

    Raises:
        LogFrozenError: it was ended before.
    """
    return await log.freeze(_record(Action.LOG_FREEZE, [], now, leave))


async def require_growing(engine: AsyncEngine) -> None:
    """Return when the log was not ended.

    Raises:
        LogFrozenError: it was.
        LogMissingError: it never began.
    """
    async with engine.connect() as connection:
        head = await read_head(connection)
    if head.frozen is not None:
        raise LogFrozenError(head.frozen)


async def take_over_spools(former: AsyncEngine, engine: AsyncEngine) -> None:
    """Have the new log read the spools from where the former one stopped, open calls included."""
    for table in (spool_cursor, open_intent):
        async with former.connect() as connection:
            rows = [dict(row) for row in (await connection.execute(sa.select(table))).mappings()]
        if rows:
            async with engine.begin() as connection:
                await connection.execute(table.insert(), rows)


def _cosigner_flags(keys: LogKeys) -> list[str]:
    if keys.cosigner is None:
        return []
    return [f"{key_history.COSIGNER}{key_history.fingerprint(keys.cosigner.vkey)}"]


def _record(action: Action, flags: list[str], now: int, leave: Leave) -> Record:
    event = Event(action=action, actor=None, request=leave.request, flags=(*flags, *leave.flags))
    return seal(event, time=now, keys=MemoryKeyRing())
