"""Legal holds: one person makes one, and it counts at once; its release is a change that takes two."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.custody.count import covered
from audit.custody.holds import hold_of
from audit.event import Part
from audit.events import Action
from audit.models import LegalHold
from console.changes.asking import authorize_asking, propose
from console.changes.forms import ChangeCreated, Consequence
from console.changes.kinds import Content, KeptChange, Kind, Objection, Subject, register
from console.changes.seen import nothing
from console.custody.forms import HoldCreate, HoldReleaseAsk
from console.custody.rows import hold_row, released_hold_row
from console.custody.times import day_of, start_of
from console.finding import find_person
from console.questions import Resource
from console.services import Services
from console.work import Row, UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission


async def create_hold(work: UnitOfWork, form: HoldCreate) -> UUID:
    """Put entries under hold: from the commit on, nothing of them is removed. Returns the hold's id.

    Raises:
        RefusedError: the caller is neither auditor nor admin.
        InvalidInputError: there is nobody by that name.
    """
    await work.authorize(Permission.HOLD_CREATE, Resource("hold"))
    async with work.read() as session:
        actor = await find_person(session, form.actor, "actor") if form.actor else None
    hold = _hold(work, form, actor)
    async with work.write() as session:
        session.add(hold)
        await session.flush()
        await work.record(
            Action.HOLD_CREATE,
            resource=Resource("hold", hold.id),
            rows=[hold_row(hold)],
            parts=[
                Part(name="hold", subject=None, content={"conditions": hold_of(hold).row()}),
                Part(name="reason", subject=work.principal.id, content={"reason": form.reason}),
            ],
        )
    return hold.id


async def ask_release(work: UnitOfWork, form: HoldReleaseAsk) -> ChangeCreated:
    """Ask that a hold ends.

    Raises:
        RefusedError: the caller may not ask for it.
        NotFoundError: no such hold.
        ConflictError: it has ended, or its end is asked for already.
    """
    await authorize_asking(work, ChangeKind.HOLD_RELEASE)
    async with work.read() as session:
        hold = await session.get(LegalHold, form.hold)
    if hold is None:
        raise nothing()
    content = {"hold": str(hold.id), "conditions": hold_of(hold).row()}
    return await propose(work, ChangeKind.HOLD_RELEASE, Subject("hold", hold.id, content), form.reason)


def tell_conditions(conditions: Content) -> str:
    """Say in words what a hold covers."""
    told = {
        "actor": "acts of {}",
        "resource_id": "acts on {}",
        "request": "what belongs to request {}",
        "first_index": "entries from {}",
        "last_index": "entries up to {}",
    }
    found = [words.format(conditions[name]) for name, words in told.items() if name in conditions]
    if "since" in conditions:
        found.append(f"from {day_of(conditions['since'])}")
    if "until" in conditions:
        found.append(f"before {day_of(conditions['until'])}")
    return ", ".join(found)


def _hold(work: UnitOfWork, form: HoldCreate, actor: UUID | None) -> LegalHold:
    return LegalHold(
        id=uuid7(),
        actor=actor,
        resource_id=form.resource,
        request=form.request,
        since=start_of(form.since) if form.since else None,
        until=start_of(form.until) if form.until else None,
        first_index=form.first_index,
        last_index=form.last_index,
        reason=form.reason,
        created=work.now,
        created_by=work.principal.id,
    )


async def _find(session: AsyncSession, content: Content) -> LegalHold | None:
    chosen = select(LegalHold).where(col(LegalHold.id) == UUID(content["hold"]))
    return (await session.exec(chosen)).first()


async def _check(_services: Services, session: AsyncSession, content: Content) -> Objection | None:
    hold = await _find(session, content)
    if hold is None or hold.released is not None:
        return Objection("hold_released", "This hold has ended already.")
    return None


async def _does(services: Services, session: AsyncSession, content: Content) -> Sequence[Consequence]:
    hold = await _find(session, content)
    if hold is None:
        return []
    extent = await covered(services.log.engine, hold_of(hold))
    text = f"{extent.sentence()[0].upper()}{extent.sentence()[1:]}, as far as no other hold covers them."
    later = "What is past its retention is removed within a day; a person under it can be erased again."
    return [Consequence(label="No longer held", text=text), Consequence(label="Then", text=later)]


async def _release(work: UnitOfWork, session: AsyncSession, found: KeptChange, now: int) -> Sequence[Row]:
    hold = await session.get_one(LegalHold, found.change.resource_id, with_for_update=True)
    hold.released, hold.released_by = now, found.change.id
    session.add(hold)
    await session.flush()
    await work.record(
        Action.HOLD_RELEASE,
        resource=Resource("hold", hold.id),
        request=found.change.id,
        rows=[released_hold_row(hold, now)],
    )
    return ()


def _tell(content: Content) -> str:
    return f"Release the hold on {tell_conditions(content['conditions'])}"


def _held(content: Content) -> frozenset[UUID]:
    """Return whose acts are held: they would gain by the release, and do not answer."""
    actor = content["conditions"].get("actor")
    return frozenset() if actor is None else frozenset({UUID(actor)})


KINDS: Final[tuple[Kind, ...]] = (Kind(ChangeKind.HOLD_RELEASE, _tell, _check, _does, _release, _held),)
register(*KINDS)
