"""The accounts that two people said are one human's, and the pages that ask for it or take it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.events import Action
from console.changes.asking import authorize_asking
from console.changes.forms import ChangeCreated, Someone
from console.changes.seen import nothing
from console.changes.shown import people_by_id
from console.people.forms import IdentityLinkAsk, IdentityLinkPart
from console.people.linking import ask_link, ask_part
from console.people.shown import LinkedAccount
from console.questions import Resource
from console.web.forms import Form, read_form
from console.web.submitted import submit
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission
from sso.models import IdentityLink, Person


@dataclass(frozen=True, slots=True)
class LinkPage:
    """An account, and the form that says whose other account is the same human's."""

    account: Someone
    form: Form[IdentityLinkAsk]


@dataclass(frozen=True, slots=True)
class PartPage:
    """Two accounts that count as one human, and the form that parts them."""

    link: UUID
    accounts: Sequence[Someone]
    form: Form[IdentityLinkPart]


async def linked_accounts(session: AsyncSession, person_id: UUID) -> list[LinkedAccount]:
    """Return the accounts that are linked with this one, in the order in which they were."""
    mine = sa.or_(col(IdentityLink.person_id) == person_id, col(IdentityLink.other_id) == person_id)
    rows = (await session.exec(select(IdentityLink).where(mine).order_by(col(IdentityLink.id)))).all()
    others = {row.id: row.other_id if row.person_id == person_id else row.person_id for row in rows}
    people = await people_by_id(session, list(others.values()))
    return [LinkedAccount(link=link, account=people[other]) for link, other in others.items()]


async def open_link(work: UnitOfWork, person_id: UUID, form: Form[IdentityLinkAsk] | None = None) -> LinkPage:
    """Return the page on which an account is linked with another.

    Raises:
        RefusedError: the caller may not ask for it, or reads nobody's data.
        NotFoundError: no such account.
    """
    await authorize_asking(work, ChangeKind.IDENTITY_LINK)
    async with work.read() as session:
        known = await session.get(Person, person_id)
    (account,) = await _read(work, [person_id] if known else [])
    return LinkPage(account, form or Form())


async def send_link(
    work: UnitOfWork, person_id: UUID, typed: Mapping[str, str]
) -> tuple[Form[IdentityLinkAsk], ChangeCreated | None]:
    """Ask that the account and the one that was typed are one human's."""
    sent = read_form(IdentityLinkAsk, {**typed, "person": str(person_id)})
    return await submit(sent, lambda data: ask_link(work, data))


async def open_part(work: UnitOfWork, link_id: UUID, form: Form[IdentityLinkPart] | None = None) -> PartPage:
    """Return the page on which two accounts are parted.

    Raises:
        RefusedError: the caller may not ask for it, or reads nobody's data.
        NotFoundError: no such link.
    """
    await authorize_asking(work, ChangeKind.IDENTITY_LINK)
    async with work.read() as session:
        row = await session.get(IdentityLink, link_id)
    accounts = await _read(work, [row.person_id, row.other_id] if row else [])
    return PartPage(link_id, accounts, form or Form())


async def send_part(
    work: UnitOfWork, link_id: UUID, typed: Mapping[str, str]
) -> tuple[Form[IdentityLinkPart], ChangeCreated | None]:
    """Ask that two accounts count as two humans again."""
    return await submit(read_form(IdentityLinkPart, typed), lambda data: ask_part(work, link_id, data.reason))


async def _read(work: UnitOfWork, people: Sequence[UUID]) -> list[Someone]:
    """Return whose accounts they are; the read is recorded."""
    if not people:
        raise nothing()
    resource = Resource("person", people[0])
    await work.authorize(Permission.PERSON_READ, resource)
    async with work.read() as session:
        found = await people_by_id(session, people)
    async with work.write():
        await work.record(Action.PERSON_READ, resource=resource)
    return [found[one] for one in people]
