"""Ends keys: one row, one event each, in the caller's open transaction."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.keys.rows import revoked_key_row
from console.questions import Resource
from console.work import Row, UnitOfWork
from sso.models import ApiKey


async def end_keys(work: UnitOfWork, session: AsyncSession, person_id: UUID, reason: str) -> int:
    """Revoke every key of a person or service; `reason` is a stable code. Return how many there were."""
    held = select(ApiKey).where(
        col(ApiKey.owner_id) == person_id, col(ApiKey.revoked_at).is_(None), col(ApiKey.ends) > work.now
    )
    keys = (await session.exec(held.with_for_update())).all()
    for key in keys:
        await end_key(work, session, key, reason, Action.KEY_REVOKE, coded=True)
    return len(keys)


async def end_key(
    work: UnitOfWork,
    session: AsyncSession,
    key: ApiKey,
    reason: str,
    action: Action,
    *,
    coded: bool = False,
) -> None:
    """Revoke one key, locked by the caller; unless `coded`, the reason is somebody's own words."""
    now = work.now
    key.revoked_at, key.revoke_reason = now, reason
    key.old_digest, key.old_pepper, key.old_end = None, None, None
    session.add(key)
    await session.flush()
    words = () if coded else (Part(name="reason", subject=work.principal.id, content={"reason": reason}),)
    await work.record(
        action,
        resource=Resource("key", key.id),
        rows=[revoked_key_row(key, now)],
        parts=[Part(name="key", subject=None, content={"lookup": key.lookup}), *words],
        reasons=(reason,) if coded else (),
    )


async def forget_keys(session: AsyncSession, person_id: UUID, now: int) -> list[Row]:
    """End every key of a person who is erased, with what they called them; return the rows that ended."""
    ended: list[Row] = []
    for key in (await session.exec(select(ApiKey).where(col(ApiKey.owner_id) == person_id))).all():
        if key.revoked_at is None:
            key.revoked_at, key.old_digest, key.old_pepper, key.old_end = now, None, None, None
            ended.append(revoked_key_row(key, now))
        key.name, key.revoke_reason = "erased", "erased"
        session.add(key)
    return ended
