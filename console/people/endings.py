"""What ends when somebody leaves: one function for each sort of thing a person holds.

A part of the product that gives people something adds its own line to `ENDINGS`. Each function works in
the open transaction, records what it changes, and returns how many it ended.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Part
from audit.events import Action
from console.access.rows import revoked_grant_row
from console.changes.rows import change_row
from console.deputies.naming import drop
from console.keys.ending import end_keys
from console.questions import Resource
from console.work import Row, UnitOfWork
from policy.models import Change, ChangeKind, ChangeState, Delegation, Grant, PrincipalType, Review
from sso.models import Membership, Person, PersonState, Team, TeamRole
from sso.sessions import revoke_all_of

Ending = Callable[[UnitOfWork, AsyncSession, UUID, str], Awaitable[int]]


async def end_sessions(work: UnitOfWork, session: AsyncSession, person_id: UUID, reason: str) -> int:
    """Revoke every session of the person."""
    return len(await revoke_all_of(session, person_id, work.now, reason))


async def withdraw_requests(work: UnitOfWork, session: AsyncSession, person_id: UUID, reason: str) -> int:
    """Withdraw what the person asked for and nobody has decided yet."""
    pending = select(Change).where(
        col(Change.requester_id) == person_id, col(Change.state) == ChangeState.PENDING
    )
    changes = (await session.exec(pending.with_for_update())).all()
    for change in changes:
        change.state, change.decided = ChangeState.WITHDRAWN, work.now
        session.add(change)
        own = change.kind is ChangeKind.ACCESS
        await work.record(
            Action.ACCESS_REQUEST_WITHDRAW if own else Action.CHANGE_WITHDRAW,
            resource=_resource(change),
            request=change.id,
            rows=[change_row(change, work.now)],
            reasons=(reason,),
        )
    return len(changes)


async def void_answers(work: UnitOfWork, session: AsyncSession, person_id: UUID, reason: str) -> int:
    """Take back the person's answers to what is still undecided: whoever comes back answers anew.

    The log keeps what was signed.
    """
    answers = (
        select(Review, Change)
        .join(Change, col(Change.id) == col(Review.change_id))
        .where(col(Review.reviewer_id) == person_id, col(Change.state) == ChangeState.PENDING)
        .with_for_update()
    )
    found = (await session.exec(answers)).all()
    for answer, change in found:
        await session.delete(answer)
        await work.record(
            Action.REVIEW_VOID,
            resource=_resource(change),
            request=change.id,
            rows=[Row("review", answer.id, None, work.now)],
            parts=[Part(name="voided", subject=None, content={"reason": reason})],
        )
    return len(found)


async def revoke_grants(work: UnitOfWork, session: AsyncSession, person_id: UUID, reason: str) -> int:
    """Revoke what was granted to the person; a team's grants stay the team's."""
    held = select(Grant).where(
        col(Grant.principal_id) == person_id,
        col(Grant.principal_type) != PrincipalType.TEAM,
        col(Grant.revoked_at).is_(None),
        col(Grant.ends) > work.now,
    )
    grants = (await session.exec(held.with_for_update())).all()
    for grant in grants:
        now = work.now
        grant.revoked_at, grant.revoked_by, grant.revoke_reason = now, work.principal.id, reason
        session.add(grant)
        await work.record(
            Action.GRANT_REVOKE,
            resource=Resource("grant", grant.id),
            request=grant.change_id,
            grant=grant.id,
            rows=[revoked_grant_row(grant, now)],
            reasons=(reason,),
        )
    return len(grants)


async def end_delegations(work: UnitOfWork, session: AsyncSession, person_id: UUID, reason: str) -> int:
    """End what lets the person answer for others, or others for them."""
    theirs = sa.or_(col(Delegation.person_id) == person_id, col(Delegation.deputy_id) == person_id)
    rows = (await session.exec(select(Delegation).where(theirs).with_for_update())).all()
    for row in rows:
        await drop(work, session, row, reason)
    return len(rows)


async def ownerless_teams(session: AsyncSession, person_id: UUID) -> tuple[str, ...]:
    """Return the names of the teams the person owns and no other active person does."""
    owns = (col(Membership.role) == TeamRole.OWNER, col(Person.state) == PersonState.ACTIVE)
    others = (
        select(Membership.team_id)
        .join(Person, col(Person.id) == col(Membership.person_id))
        .where(*owns, col(Membership.person_id) != person_id)
    )
    own = (
        select(Team.name)
        .join(Membership, col(Membership.team_id) == col(Team.id))
        .where(col(Membership.person_id) == person_id, col(Membership.role) == TeamRole.OWNER)
    )
    alone = own.where(col(Team.id).not_in(others)).distinct().order_by(col(Team.name))
    return tuple(await session.exec(alone))


ENDINGS: Final[Mapping[str, Ending]] = MappingProxyType(
    {
        "answers": void_answers,
        "delegations": end_delegations,
        "grants": revoke_grants,
        "keys": end_keys,
        "requests": withdraw_requests,
        "sessions": end_sessions,
    }
)
"""By the name under which `person.disable` counts them."""


def _resource(change: Change) -> Resource:
    return Resource("access_request" if change.kind is ChangeKind.ACCESS else "change", change.id)
