"""Ends credentials of directories whose token somebody found: those in force, and those only asked for."""

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.changes.withdrawing import take_back
from console.errors import ConflictError
from console.questions import Resource
from console.scim.rows import credential_row
from console.work import UnitOfWork
from policy.models import Change, ChangeKind, ChangeState
from sso.models import ScimCredential
from sso.scim.tokens import read_token

REASONS: Final = ("leaked",)

Kept = tuple[UUID, str, str]
"""A credential's id, its token's id, and the verifier kept in the token's place."""


async def find_leaked(work: UnitOfWork, session: AsyncSession, texts: Iterable[str]) -> frozenset[UUID]:
    """Return the credentials, approved or not, of which one of `texts` is the whole token."""
    given = {token.id: token for token in map(read_token, texts) if token is not None}
    if not given:
        return frozenset()
    pepper = work.services.identity_key
    kept = [*await _in_force(session, given), *await _asked_for(session)]
    return frozenset(
        found
        for found, token, verifier in kept
        if token in given and given[token].is_kept_as(verifier, pepper)
    )


async def end_leaked(work: UnitOfWork, session: AsyncSession, credential_id: UUID) -> None:
    """End a credential within the caller's `work.write()`, or take back the change that would make it."""
    asked = select(Change).where(*_pending(), col(Change.resource_id) == credential_id).with_for_update()
    for change in (await session.exec(asked)).all():
        with suppress(ConflictError):  # its time has passed: it lets nobody in any more
            await take_back(work, session, change.id, change.requester_id, REASONS)
    row = await session.get(ScimCredential, credential_id, with_for_update=True, populate_existing=True)
    if row is not None and row.revoked is None:
        await _revoke(work, session, row)


async def _revoke(work: UnitOfWork, session: AsyncSession, row: ScimCredential) -> None:
    row.revoked, row.revoked_by = work.now, work.principal.id
    session.add(row)
    await work.record(
        Action.SCIM_CREDENTIAL_LEAK,
        resource=Resource("scim_credential", row.id),
        rows=[credential_row(row, work.now, gone=True)],
        parts=[Part(name="scim_credential", subject=None, content={"token_id": row.token_id})],
        reasons=REASONS,
    )


async def _in_force(session: AsyncSession, tokens: Iterable[str]) -> list[Kept]:
    table = ScimCredential
    query = select(table).where(col(table.token_id).in_(tokens), col(table.revoked).is_(None))
    return [(row.id, row.token_id, row.verifier) for row in await session.exec(query)]


async def _asked_for(session: AsyncSession) -> list[Kept]:
    asked = [json.loads(text) for text in await session.exec(select(Change.content).where(*_pending()))]
    return [(UUID(one["credential"]), one["token_id"], one["verifier"]) for one in asked]


def _pending() -> tuple[bool, ...]:
    return (Change.kind == ChangeKind.SCIM_CREDENTIAL, Change.state == ChangeState.PENDING)
