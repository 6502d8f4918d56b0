"""People who are here already, and whose name or rights change: one event for each, with all its rows."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import Action
from console.directory.inserting import NewMembership, NewRole, insert_new
from console.directory.newcomers import given_rows, states_of
from console.many_records import Act
from console.questions import Resource
from console.rows import membership_row, role_row
from console.work import Row, UnitOfWork
from sso.mapping import Rights
from sso.models import Membership, Profile, RoleAssignment, Source
from sso.syncing.plan import PersonChange

Held = Membership | RoleAssignment


async def change_people(
    work: UnitOfWork, session: AsyncSession, changes: Sequence[PersonChange]
) -> list[Act]:
    """Give, take and rename, within the caller's `work.write()`; return what is to be recorded."""
    removed = await _removed(session, changes)
    added: list[NewMembership | NewRole] = []
    acts = []
    for change in changes:
        if change.held is None:
            continue
        given, gone = given_rows(change.held.id, change.gained), removed.get(change.held.id, [])
        added += given
        rows = [*(_gone(row, work.now) for row in gone), *states_of(given, work.now)]
        if await _rename(session, change) or rows:
            person = Resource("person", change.held.id)
            acts.append(Act(action=Action.PERSON_SYNC, actor=work.principal.id, resource=person, rows=rows))
    await insert_new(session, added)
    return acts


async def _removed(session: AsyncSession, changes: Sequence[PersonChange]) -> dict[UUID, list[Held]]:
    """Delete what goes, and return it by person: it is read again, for it must be there still."""
    losing = {
        change.held.id: change.lost
        for change in changes
        if change.held and (change.lost.memberships or change.lost.roles)
    }
    found: dict[UUID, list[Held]] = {}
    mine = [row for row in await _held_rows(session, list(losing)) if _is_among(row, losing[row.person_id])]
    for table in (Membership, RoleAssignment):
        gone = [row.id for row in mine if isinstance(row, table)]
        if gone:
            await session.exec(sa.delete(table).where(col(table.id).in_(gone)))
    for row in mine:
        found.setdefault(row.person_id, []).append(row)
    return found


async def _held_rows(session: AsyncSession, people: Sequence[UUID]) -> list[Held]:
    teams = select(Membership).where(col(Membership.managed_by) == Source.CLAIM)
    roles = select(RoleAssignment).where(col(RoleAssignment.managed_by) == Source.CLAIM)
    return [
        *(await session.exec(teams.where(col(Membership.person_id).in_(people)))),
        *(await session.exec(roles.where(col(RoleAssignment.person_id).in_(people)))),
    ]


async def _rename(session: AsyncSession, change: PersonChange) -> bool:
    found, has = change.found, change.held
    if found is None or has is None or (found.name, found.email) == (has.name, has.email):
        return False
    mine = col(Profile.person_id) == has.id
    await session.exec(sa.update(Profile).where(mine).values(name=found.name, email=found.email))
    return True


def _is_among(row: Held, lost: Rights) -> bool:
    if isinstance(row, Membership):
        return (row.team_id, row.role) in lost.memberships
    return (row.role, row.scope) in lost.roles


def _gone(row: Held, now: int) -> Row:
    return (
        membership_row(row, now, gone=True) if isinstance(row, Membership) else role_row(row, now, gone=True)
    )
