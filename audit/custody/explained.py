"""Whether a version of history is what an act in the log wrote: one in the table alone proves nothing."""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from audit import canonical, history
from audit.head import Head
from audit.models import RowVersion
from audit.reader import LogReader


async def is_explained(
    session: AsyncSession, log: LogReader, place: tuple[str, UUID], state: Mapping[str, object], now: int
) -> bool:
    """Say whether a row's state is the newest that history has of it, and an act in the log wrote that."""
    version = await history.as_of(session, *place, valid_at=now, known_at=now)
    if version is None or version.row != canonical.encode(dict(state)).decode():
        return False
    return await is_logged(log, version)


async def is_logged(log: LogReader, version: RowVersion) -> bool:
    """Say whether the log holds the act that wrote this version, and wrote it as it stands here."""
    # The stored hash is a column like any other: what the act signed is the hash of what stands here.
    stated = history.hash_stated(
        version.kind, version.row_id, version.row, version.valid_from, version.valid_to
    )
    if stated != version.row_hash:
        return False
    entry = await log.entry_by_id(version.event_id)
    return entry is not None and Head.parse(entry.head).state == history.state_digest([version.row_hash])
