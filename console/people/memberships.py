"""Memberships by hand: put somebody into a team, or take out whom a hand has put there.

An owner, and a member of a team that holds grants, gains rights nobody has looked at: that takes two people.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.events import Action
from console.changes.carrying import Because, Carried, do_or_ask, executing
from console.changes.forms import Consequence
from console.changes.kinds import Content, Kind, Objection, Subject, register
from console.changes.seen import authorize_seen, nothing
from console.errors import ConflictError, InvalidInputError
from console.finding import find_person
from console.first_days import first_days_flags
from console.people.forms import MembershipCreate
from console.people.heading import ANSWER_HINT, AREA, LABELS
from console.people.holdings import grants_of_team, shown_person
from console.questions import Resource
from console.rows import membership_row
from console.services import Services
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission
from sso.models import Membership, Person, PersonState, Source, Team, TeamRole

NO_TEAM: Final = "There is no team by that name."
KEPT: Final = "A directory or a mapping rule keeps this membership; it would be back. Change it there."


async def create_membership(work: UnitOfWork, form: MembershipCreate) -> Carried:
    """Put somebody into a team by hand, or ask for it.

    Raises:
        RefusedError: the caller manages neither people nor this team's ordinary members.
        InvalidInputError: there is no such person or team.
        ConflictError: they hold it by hand already, are disabled, or the same is pending.
    """
    await work.authorize(Permission.MEMBERSHIP_CREATE, _resource(None, form.team, form.role, Source.MANUAL))
    async with work.read() as session:
        team = await find_team(session, form.team)
        person = await find_person(session, form.person, "person")
        two = form.role is TeamRole.OWNER or await grants_of_team(session, team.id, work.now) > 0
    content = {
        "person": str(person),
        "team": team.name,
        "team_id": str(team.id),
        "role": form.role.value,
    }
    subject = Subject("membership", uuid7(), {**content, "membership": None})
    return await do_or_ask(work, ChangeKind.MEMBERSHIP, _named(subject), form.reason, _join, two=two)


async def remove_membership(work: UnitOfWork, membership_id: UUID) -> str:
    """Take out somebody whom a hand has put into a team, at once; return the team's name.

    Raises:
        NotFoundError: no such membership, or none the caller may see.
        RefusedError: the caller may not.
        ConflictError: a directory or a mapping rule keeps it.
    """
    async with work.read() as session:
        found = await session.get(Membership, membership_id)
        team = await session.get(Team, found.team_id) if found else None
    if found is None or team is None:
        raise nothing()
    resource = _resource(found.id, team.name, found.role, found.managed_by)
    await authorize_seen(work, Permission.MEMBERSHIP_REMOVE, resource, Permission.TEAM_READ)
    if found.managed_by is not Source.MANUAL:
        raise ConflictError(KEPT, ("kept_by_source",))
    async with work.write() as session:
        row = await session.get(Membership, membership_id)
        if row is None:
            raise nothing()
        await session.delete(row)
        await work.record(
            Action.MEMBERSHIP_REMOVE,
            resource=Resource("person", row.person_id),
            rows=[membership_row(row, work.now, gone=True)],
            flags=await first_days_flags(work, session),
        )
    return team.name


async def find_team(session: AsyncSession, name: str) -> Team:
    """Return the team somebody named.

    Raises:
        InvalidInputError: there is none.
    """
    team = (await session.exec(select(Team).where(col(Team.name) == name))).first()
    if team is None:
        raise InvalidInputError(NO_TEAM, ("unknown_team",), {"team": NO_TEAM})
    return team


def _resource(found: UUID | None, team: str, role: TeamRole, kept: Source) -> Resource:
    return Resource("membership", found, {"team": team, "role": role.value, "managed_by": kept.value})


def _named(subject: Subject) -> Subject:
    return Subject(subject.type, subject.id, {**subject.content, "membership": str(subject.id)})


async def _check(_services: Services, session: AsyncSession, content: Content) -> Objection | None:
    person = await session.get(Person, UUID(content["person"]))
    if person is None or person.state is not PersonState.ACTIVE:
        return Objection("person_disabled", "This person is disabled; let them in first.")
    same = select(Membership).filter_by(
        person_id=person.id,
        team_id=UUID(content["team_id"]),
        role=TeamRole(content["role"]),
        managed_by=Source.MANUAL,
    )
    if (await session.exec(same)).first():
        return Objection("already_member", "They were put into this team by hand already.")
    return None


async def _does(services: Services, session: AsyncSession, content: Content) -> Sequence[Consequence]:
    held = await grants_of_team(session, UUID(content["team_id"]), services.clock())
    calls = f"They may call what the team may: {held} granted model{'' if held == 1 else 's'}."
    owns = "They answer requests for the team's models, revoke grants on them and manage its members."
    found = [Consequence(label="Who", text=await shown_person(session, UUID(content["person"])))]
    found += [Consequence(label="At once", text=calls)] if held else []
    found += [Consequence(label="As owner", text=owns)] if content["role"] == TeamRole.OWNER else []
    return found


async def _join(work: UnitOfWork, session: AsyncSession, content: Content, because: Because) -> None:
    row = Membership(
        id=UUID(content["membership"]),
        person_id=UUID(content["person"]),
        team_id=UUID(content["team_id"]),
        role=TeamRole(content["role"]),
        managed_by=Source.MANUAL,
    )
    session.add(row)
    await session.flush()
    await work.record(
        Action.MEMBERSHIP_CREATE,
        resource=Resource("person", row.person_id),
        request=because.request,
        rows=[membership_row(row, work.now)],
        flags=because.flags,
    )


def _tell(content: Content) -> str:
    what = "an owner" if content["role"] == TeamRole.OWNER else "a member"
    return f"Make somebody {what} of team {content['team']}"


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.MEMBERSHIP,
        _tell,
        _check,
        _does,
        executing(_join),
        lambda content: frozenset({UUID(content["person"])}),
        area=AREA,
        labels=LABELS,
        answer_hint=ANSWER_HINT,
    ),
)
register(*KINDS)
