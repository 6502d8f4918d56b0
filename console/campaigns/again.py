"""Lets whoever is to answer anew for a stale approval do so, under a change that is asked for then."""

import json
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from console.access.facts import find_request
from console.campaigns.items import find_held
from console.campaigns.reapproval import GROUND, changed_of, describe_reapproval
from console.campaigns.uses import NEVER, uses_of
from console.changes.asking import propose
from console.changes.kinds import Subject, described, kind_of
from console.changes.seen import authorize_seen, nothing
from console.changes.standing import askers_of
from console.changes.states import state_is
from console.errors import ConflictError
from console.questions import Resource
from console.work import UnitOfWork
from policy.canonical import content_hash
from policy.decision import Document
from policy.facts import describe_change_of
from policy.models import Change, ChangeKind, ChangeState
from policy.permissions import Permission
from sso.links import accounts_of

KIND: Final = ChangeKind.REAPPROVAL
HOLDS: Final = "This approval holds: nothing it rests on has changed, or it has been answered anew."
REASON: Final = "What it was approved on has changed."


async def answer_again(work: UnitOfWork, request_id: UUID) -> UUID:
    """Return the change under which the answers are given anew; it is asked for where it is not there yet.

    Raises:
        NotFoundError: no such approval, or none the caller may read.
        RefusedError: the caller is not asked.
        ConflictError: the approval holds.
    """
    reading = Permission.ACCESS_REQUEST_READ
    async with work.read() as session:
        found = await find_request(session, request_id, work.now)
    if found is None or found.change.grant_id is None:
        raise nothing()
    await authorize_seen(work, reading, found.resource(), reading)
    request, grant_id = found.change, found.change.grant_id
    async with work.read() as session:
        content = await _describe(work, session, grant_id)
        before = await _pending(work, session, grant_id)
        resource = await _resource(work, session, request.requester_id, content)
    await work.authorize(Permission.CHANGE_CREATE, resource)
    if before is not None and all(json.loads(before.content)[name] == content[name] for name in GROUND):
        return before.id
    subject, replaces = Subject("grant", grant_id, content), before.id if before else None
    asked = await propose(work, KIND, subject, REASON, replaces=replaces, requester=request.requester_id)
    return asked.id


async def _describe(work: UnitOfWork, session: AsyncSession, grant_id: UUID) -> dict[str, Any]:
    held, changed = await find_held(session, grant_id, work.now), await changed_of(session, grant_id)
    if held is None or not changed:
        raise ConflictError(HOLDS, ("nothing_changes",))
    revision = (await work.services.policies.active(session)).revision
    used = (await uses_of(session, [grant_id], work.now)).get(grant_id, NEVER)
    return await describe_reapproval(session, held, changed, revision, used.calls)


async def _pending(work: UnitOfWork, session: AsyncSession, grant_id: UUID) -> Change | None:
    query = select(Change).where(
        col(Change.kind) == KIND,
        col(Change.resource_id) == grant_id,
        state_is(ChangeState.PENDING, work.now),
    )
    return (await session.exec(query.order_by(col(Change.id).desc()))).first()


async def _resource(
    work: UnitOfWork, session: AsyncSession, requester: UUID, content: dict[str, Any]
) -> Resource:
    """Return the change as it would be, for the decision who is asked."""
    kind = kind_of(KIND)
    document: Document = describe_change_of(
        KIND.value,
        id=uuid7(),
        requester=requester,
        content_hash=content_hash(content),
        parties=await accounts_of(session, await kind.gainers(work.services, session, content, frozenset())),
        selves=await askers_of(session, [requester], work.now),
        about=described(kind, content),
    )
    return Resource("change", None, {"kind": KIND.value, "team": kind.team(content)}, change=document)
