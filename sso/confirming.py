"""When a session has to be confirmed by its provider, who does it, and what is kept of it.

A refresh token is good once, so of all processes one claims the refresh; the others wait for it or go on.
"""

from enum import Enum

import sqlalchemy as sa
from sqlmodel import col, or_, update
from sqlmodel.ext.asyncio.session import AsyncSession

from sso.clock import MICROSECONDS
from sso.models import Session
from sso.settings import SessionSettings

CLAIM = 15 * MICROSECONDS
"""How long a process may take to confirm a session, and a provider that does not answer is left alone."""


class Need(Enum):
    """What a session needs before its next request: not to be confirmed, to be if that can be, or to be."""

    NOTHING = "nothing"
    WISHED = "wished"
    REQUIRED = "required"


def need_of(session: Session, now: int, settings: SessionSettings) -> Need:
    """Return what `session` needs at `now`; a clock that moved back says nothing about age, so it is old."""
    age = now - session.refreshed
    if session.must_refresh is not None or not 0 <= age < settings.stale * MICROSECONDS:
        return Need.REQUIRED
    return Need.WISHED if age >= settings.refresh * MICROSECONDS else Need.NOTHING


def next_confirmation(session: Session, settings: SessionSettings) -> int:
    """Return when `session` has to be confirmed again."""
    return session.refreshed + settings.refresh * MICROSECONDS


def is_claimed(session: Session, now: int) -> bool:
    """Say whether somebody is confirming `session`, or could not a moment ago."""
    return session.refreshing is not None and 0 <= now - session.refreshing < CLAIM


async def claim(db: AsyncSession, session: Session, now: int) -> bool:
    """Take on to confirm `session`, as it was read; False when another does, did, or just could not."""
    free = or_(
        col(Session.refreshing).is_(None),
        col(Session.refreshing) <= now - CLAIM,
        col(Session.refreshing) > now,
    )
    unchanged = col(Session.refreshed) == session.refreshed, col(Session.revoked_at).is_(None)
    mine = update(Session).where(col(Session.id_hash) == session.id_hash, free, *unchanged)
    return bool((await db.exec(mine.values(refreshing=now))).rowcount)


async def confirm(db: AsyncSession, session: Session, sealed: bytes, began: int, now: int) -> None:
    """Keep that the provider confirmed `session`, asked at `began`; a mark made after that stays."""
    marked = sa.case((col(Session.must_refresh) > began, col(Session.must_refresh)), else_=None)
    kept = {"refreshed": now, "refreshing": None, "must_refresh": marked, "sealed": sealed}
    alive = col(Session.id_hash) == session.id_hash, col(Session.revoked_at).is_(None)
    await db.exec(update(Session).where(*alive).values(**kept))
