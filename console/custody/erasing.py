"""Erasure of a person as a change: two people decide, a hold wins, and nobody decides on their own."""

import logging
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.custody.count import acts_of, holds_about
from audit.custody.holds import active_holds, lock_holds
from audit.errors import AuditError
from console.changes.asking import authorize_asking, propose
from console.changes.forms import ChangeCreated, Consequence
from console.changes.kinds import Content, KeptChange, Kind, Objection, Subject, register
from console.custody.forms import ErasureAsk
from console.erasure.person import erase_person
from console.erasure.settle import settle_erasures
from console.errors import ConsoleError
from console.finding import find_person
from console.services import Services
from console.work import Row, UnitOfWork
from policy.models import ChangeKind
from sso.models import Identity, Profile

HELD: Final = (
    "This person is told of by entries under legal hold. The hold wins: ask for its release first, "
    "then for the erasure."
)
logger = logging.getLogger("guildhall")


async def ask_erasure(work: UnitOfWork, form: ErasureAsk) -> ChangeCreated:
    """Ask that a person is erased.

    Raises:
        RefusedError: the caller may not ask for it.
        InvalidInputError: there is nobody by that id or handle.
        ConflictError: a hold covers the person, they are erased, or the same is pending.
    """
    await authorize_asking(work, ChangeKind.ERASURE)
    async with work.read() as session:
        person = await find_person(session, form.person, "person")
    subject = Subject("person", person, {"person": str(person)})
    return await propose(work, ChangeKind.ERASURE, subject, form.reason)


async def _check(services: Services, session: AsyncSession, content: Content) -> Objection | None:
    person = UUID(content["person"])
    if not await _is_named(session, person):
        return Objection("erased", "This person has been erased already.")
    holds = list(await active_holds(session, services.log, services.clock()))
    if await holds_about(services.log.engine, person, holds):
        return Objection("under_hold", HELD)
    return None


async def _is_named(session: AsyncSession, person: UUID) -> bool:
    named = select(Profile.person_id).where(col(Profile.person_id) == person)
    known = select(Identity.person_id).where(col(Identity.person_id) == person)
    return bool((await session.exec(named)).first() or (await session.exec(known)).first())


async def _does(services: Services, session: AsyncSession, content: Content) -> Sequence[Consequence]:
    person = UUID(content["person"])
    profile = await session.get(Profile, person)
    extent = await acts_of(services.log.engine, person)
    who = f"{profile.name} ({profile.handle})" if profile else "Somebody whose name is gone"
    return [
        Consequence(label="Who", text=who),
        Consequence(label="Their own acts", text=f"{extent.sentence()}: their details become unreadable."),
        Consequence(
            label="At once, for good", text="Name, addresses, identities, rights, sessions and key are gone."
        ),
        Consequence(label="What stays", text="Heads, with their pseudonym; every receipt still verifies."),
    ]


async def _erase(work: UnitOfWork, session: AsyncSession, found: KeptChange, _now: int) -> Sequence[Row]:
    # A hold that is being made is waited for, and wins.
    await lock_holds(session)
    if objection := await _check(work.services, session, found.content):
        raise objection.error()
    await erase_person(work, session, UUID(found.content["person"]), request=found.change.id)
    return ()


async def _settle(services: Services) -> None:
    try:
        await settle_erasures(services)
    except (AuditError, ConsoleError, SQLAlchemyError, OSError) as error:
        # It is decided and recorded; the worker, or the next start, goes on with it.
        logger.warning("An erasure is not complete yet: %s", type(error).__name__)


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ChangeKind.ERASURE,
        lambda content: f"Erase person {content['person']}",
        _check,
        _does,
        _erase,
        lambda content: frozenset({UUID(content["person"])}),
        _settle,
    ),
)
register(*KINDS)
