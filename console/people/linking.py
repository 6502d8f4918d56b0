"""Two accounts of one human as a change: whoever parts them could answer for themselves, so two people do.

A link joins no rights: it says that the two are one person wherever different people are asked for.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.events import Action
from console.changes.asking import authorize_asking, propose
from console.changes.carrying import Because, executing
from console.changes.forms import ChangeCreated, Consequence
from console.changes.kinds import Content, Kind, Objection, Subject, register
from console.changes.seen import nothing
from console.changes.shown import people_by_id
from console.clock import to_text
from console.errors import InvalidInputError
from console.finding import find_person
from console.people.forms import IdentityLinkAsk, IdentityLinkRead
from console.people.heading import AREA
from console.people.holdings import shown_person
from console.questions import Resource
from console.rows import link_row
from console.services import Services
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission
from sso.models import IdentityLink, Person, PersonKind

LABELS: Final = (("act", "What happens"), ("person", "Account"), ("other", "Other account"), ("link", "Link"))
SAME: Final = "These are one account."


async def ask_link(work: UnitOfWork, form: IdentityLinkAsk) -> ChangeCreated:
    """Ask that two accounts count as one human; somebody else has to approve.

    Raises:
        RefusedError: the caller may not ask for it.
        InvalidInputError: there is no such account, or both are one.
        ConflictError: they are linked, or the same is pending.
    """
    await authorize_asking(work, ChangeKind.IDENTITY_LINK)
    async with work.read() as session:
        one = await find_person(session, form.person, "person")
        other = await find_person(session, form.other, "other")
    if one == other:
        raise InvalidInputError(SAME, ("same_account",), {"other": SAME})
    link, (one, other) = uuid7(), sorted((one, other))
    content = {"act": "link", "person": str(one), "other": str(other), "link": str(link)}
    return await propose(work, ChangeKind.IDENTITY_LINK, Subject("identity_link", link, content), form.reason)


async def ask_part(work: UnitOfWork, link_id: UUID, reason: str) -> ChangeCreated:
    """Ask that two accounts count as two humans again; somebody else has to approve.

    Raises:
        RefusedError: the caller may not ask for it.
        NotFoundError: no such link.
        ConflictError: the same is pending.
    """
    await authorize_asking(work, ChangeKind.IDENTITY_LINK)
    async with work.read() as session:
        found = await session.get(IdentityLink, link_id)
    if found is None:
        raise nothing()
    content = {"act": "part", "person": str(found.person_id), "other": str(found.other_id)}
    subject = Subject("identity_link", link_id, {**content, "link": str(link_id)})
    return await propose(work, ChangeKind.IDENTITY_LINK, subject, reason)


async def list_links(work: UnitOfWork) -> Sequence[IdentityLinkRead]:
    """Return the accounts that count as one human, two by two; the read is recorded.

    Raises:
        RefusedError: the caller reads nobody's data.
    """
    await work.authorize(Permission.PERSON_READ, Resource("person"))
    async with work.read() as session:
        rows = (await session.exec(select(IdentityLink).order_by(col(IdentityLink.id)))).all()
        people = await people_by_id(session, [one for row in rows for one in (row.person_id, row.other_id)])
    async with work.write():
        await work.record(Action.PERSON_READ, resource=Resource("identity_link"))
    return [
        IdentityLinkRead(
            id=row.id,
            person=people[row.person_id],
            other=people[row.other_id],
            created=to_text(row.created),
            change=row.change_id,
        )
        for row in rows
    ]


async def _check(_services: Services, session: AsyncSession, content: Content) -> Objection | None:
    there = await _linked(session, content)
    if content["act"] == "part":
        return None if there else Objection("not_linked", "These accounts are not linked any more.")
    if there:
        return Objection("linked", "These accounts are linked already.")
    kinds = select(Person.kind).where(col(Person.id).in_(_pair(content)))
    if set(await session.exec(kinds)) != {PersonKind.PERSON}:
        return Objection("not_a_person", "Only accounts of people are linked; a service account has a team.")
    return None


async def _linked(session: AsyncSession, content: Content) -> bool:
    one, other = _pair(content)
    same = sa.and_(col(IdentityLink.person_id) == one, col(IdentityLink.other_id) == other)
    return (await session.exec(select(IdentityLink.id).where(same))).first() is not None


async def _does(_services: Services, session: AsyncSession, content: Content) -> Sequence[Consequence]:
    one, other = _pair(content)
    told = {
        "link": "Neither answers for what the other asked, and their answers count once.",
        "part": "They count as two people: each may answer for what the other asked.",
    }
    return [
        Consequence(label="One account", text=await shown_person(session, one)),
        Consequence(label="The other", text=await shown_person(session, other)),
        Consequence(label="At once", text=told[content["act"]]),
    ]


async def _write(work: UnitOfWork, session: AsyncSession, content: Content, because: Because) -> None:
    link, (one, other) = UUID(content["link"]), _pair(content)
    parts = content["act"] == "part"
    row = await session.get_one(IdentityLink, link) if parts else None
    if row is not None:
        await session.delete(row)
    else:
        change = because.request or link
        row = IdentityLink(id=link, person_id=one, other_id=other, change_id=change, created=work.now)
        session.add(row)
        await session.flush()
    await work.record(
        Action.IDENTITY_LINK_DELETE if parts else Action.IDENTITY_LINK_CREATE,
        resource=Resource("person", one),
        request=because.request,
        rows=[link_row(row, work.now, gone=parts)],
    )


def _pair(content: Content) -> tuple[UUID, UUID]:
    return UUID(content["person"]), UUID(content["other"])


def _tell(content: Content) -> str:
    words = {"link": "Let two accounts count as one person", "part": "Let two accounts count as two people"}
    return words[content["act"]]


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.IDENTITY_LINK,
        _tell,
        _check,
        _does,
        executing(_write),
        lambda content: frozenset(_pair(content)),
        area=AREA,
        labels=LABELS,
        answer_hint="For example: I know that both accounts are theirs.",
    ),
)
register(*KINDS)
