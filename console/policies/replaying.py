"""Replays of drafts as rows: asked for, worked through by the worker, read meanwhile and afterwards."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.models import entry
from console.clock import to_text
from console.policies.flips import Found, line_of
from console.policies.past import Piece
from console.services import Services
from policy.canonical import canonical
from policy.models import PolicyFlip, PolicyReplay

ENGINE: Final = f"regopy {version('regopy')}"
AT_ONCE: Final = 500
LONGEST: Final = 64


async def span_of(services: Services, since: int) -> tuple[int, int]:
    """Return between which indexes the decisions since a time lie: behind the first, up to the last."""
    first = sa.select(sa.func.min(entry.c.index)).where(entry.c.time >= since)
    async with services.log.engine.connect() as connection:
        last = await connection.scalar(sa.select(sa.func.max(entry.c.index)))
        begin = await connection.scalar(first)
    return (-1, -1) if last is None or begin is None else (int(begin) - 1, int(last))


async def drop_replay(session: AsyncSession, draft_id: UUID) -> None:
    """Take away what replaying a draft found; a replay that runs ends by it."""
    await session.exec(sa.delete(PolicyFlip).where(col(PolicyFlip.draft_id) == draft_id))
    await session.exec(sa.delete(PolicyReplay).where(col(PolicyReplay.draft_id) == draft_id))


async def add_piece(session: AsyncSession, replay: PolicyReplay, piece: Piece, found: Found) -> bool:
    """Write down what a piece came to; False when the replay was taken back meanwhile."""
    row = await session.get(PolicyReplay, replay.draft_id, with_for_update=True)
    if row is None or row.asked != replay.asked or row.position != replay.position:
        return False
    row.position = piece.position
    row.decisions += len(piece.pasts)
    row.unreadable += piece.unreadable
    row.altered += piece.altered
    row.undecided += found.undecided
    row.flipped += found.flipped
    session.add(row)
    await _add_flips(session, replay.draft_id, found)
    return True


async def _add_flips(session: AsyncSession, draft_id: UUID, found: Found) -> None:
    places = sorted(found.flips)
    for first in range(0, len(places), AT_ONCE):
        some = places[first : first + AT_ONCE]
        query = select(PolicyFlip).where(PolicyFlip.draft_id == draft_id, col(PolicyFlip.place).in_(some))
        known = {row.place: row for row in await session.exec(query)}
        for place in some:
            flip = found.flips[place]
            if row := known.get(place):
                row.times += flip.times
            session.add(row or _row(draft_id, place, found))


def _row(draft_id: UUID, place: str, found: Found) -> PolicyFlip:
    flip = found.flips[place]
    return PolicyFlip(
        draft_id=draft_id,
        place=place,
        what=flip.what,
        person=flip.person[:LONGEST],
        said=canonical(flip.said).decode(),
        times=flip.times,
        entry=UUID(flip.entry),
    )


async def read_flips(
    session: AsyncSession, draft_id: UUID, after: str = "", size: int = AT_ONCE
) -> Sequence[PolicyFlip]:
    """Return flips in their order, behind a place."""
    query = select(PolicyFlip).where(PolicyFlip.draft_id == draft_id, col(PolicyFlip.place) > after)
    return (await session.exec(query.order_by(col(PolicyFlip.place)).limit(size))).all()


async def count_flips(session: AsyncSession, draft_id: UUID) -> Mapping[str, int]:
    """Return how many decisions flipped, by what they are."""
    query = (
        select(PolicyFlip.what, sa.func.sum(PolicyFlip.times))
        .where(PolicyFlip.draft_id == draft_id)
        .group_by(PolicyFlip.what)
    )
    return {what: int(times) for what, times in await session.exec(query)}


async def digest_of(session: AsyncSession, row: PolicyReplay, revision: str) -> str:
    """Return SHA-256 (hex) over what a replay found: its figures, then each flip in its order."""
    figures = {
        "revision": revision,
        "since": to_text(row.since),
        "decisions": row.decisions,
        "unreadable": row.unreadable,
        "altered": row.altered,
        "undecided": row.undecided,
    }
    digest, after = hashlib.sha256(canonical(figures) + b"\n"), ""
    while flips := await read_flips(session, row.draft_id, after):
        digest.update(b"".join(line_of(one.said, one.times, one.entry) for one in flips))
        after = flips[-1].place
    return digest.hexdigest()
