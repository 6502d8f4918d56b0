"""SCIM tokens that somebody found where they should not be: whoever shows a whole one ends its credential."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import Action
from console.questions import Resource
from console.scim.rows import credential_row
from console.work import UnitOfWork
from sso.models import ScimCredential
from sso.scim.tokens import read_token


async def find_leaked(session: AsyncSession, texts: Iterable[str], pepper: bytes) -> list[UUID]:
    """Return the live credentials whose whole token is among `texts`."""
    tokens = [token for text in texts if (token := read_token(text)) is not None]
    named = select(ScimCredential).where(
        col(ScimCredential.token_id).in_([token.id for token in tokens]),
        col(ScimCredential.revoked).is_(None),
    )
    rows = (await session.exec(named)).all()
    return sorted({row.id for row in rows for token in tokens if token.is_kept_as(row.verifier, pepper)})


async def end_leaked(work: UnitOfWork, session: AsyncSession, credential_id: UUID, reason: str) -> None:
    """Revoke a credential within the caller's `work.write()`; `reason` is a stable code."""
    row = await session.get_one(ScimCredential, credential_id, with_for_update=True, populate_existing=True)
    if row.revoked is not None:
        return
    row.revoked = work.now
    session.add(row)
    await work.record(
        Action.SCIM_CREDENTIAL_REVOKE,
        resource=Resource("scim_credential", credential_id),
        rows=[credential_row(row, work.now, gone=True)],
        reasons=(reason,),
    )
