"""Keycloak's own events, each taken into the log once: by id, in the transaction that moves the cursor."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Outcome, Part
from audit.events import Action
from console.clock import MICROSECONDS
from console.directory.keeping import directory_work, find_cursor
from console.many_records import Act
from console.questions import Resource
from console.services import Services
from console.work import UnitOfWork
from sso.keycloak.events import (
    AdminEvent,
    Seen,
    SignInEvent,
    ended_sessions,
    logged_out,
    reset_credentials,
    subject_of,
)
from sso.models import DirectoryEvent, Identity, Session
from sso.sessions import revoke_all_of, revoke_before

KEPT: Final = 24 * 60 * 60 * 1000
"""Milliseconds that ids of taken events are remembered; no look goes back further than a few seconds."""
FAILURES: Final = 20
"""Refused sign-ins a minute that are told one by one; the rest of that minute is counted."""
AT_ONCE: Final = 400
MINUTE: Final = 60_000
REASON: Final = "directory_signed_out"


@dataclass(frozen=True, slots=True)
class Concerned:
    """People by their subject at the directory's issuer."""

    issuer: str
    people: Mapping[str, UUID]


async def unseen(session: AsyncSession, issuer: str, seen: Seen) -> Seen:
    """Return the events of `seen` that are not in the log yet."""
    ids = [event.id for event in seen.admin] + [event.id for event in seen.sign_ins]
    known: set[str] = set()
    for start in range(0, len(ids), AT_ONCE):
        some = col(DirectoryEvent.id).in_(ids[start : start + AT_ONCE])
        known |= set(
            await session.exec(select(DirectoryEvent.id).where(DirectoryEvent.issuer == issuer, some))
        )
    return Seen(
        tuple(event for event in seen.admin if event.id not in known),
        tuple(event for event in seen.sign_ins if event.id not in known),
    )


async def take(services: Services, issuer: str, new: Seen) -> None:
    """End what ended there or began by a proof of before, record every event, and move the cursor, at once.

    Raises:
        AuditUnavailableError: it could not be recorded; the events are read again at the next look.
        ConflictError: another worker took them.
    """
    work = directory_work(services)
    async with work.write() as session:
        concerned = Concerned(issuer, await _people(session, issuer, _subjects(new)))
        await _end_sessions(work, session, concerned, new)
        times = {event.id: event.time for event in new.admin} | {one.id: one.time for one in new.sign_ins}
        session.add_all([DirectoryEvent(issuer=issuer, id=one, time=time) for one, time in times.items()])
        await _move(session, work.now, issuer, new)
        acts = [_changed(work, concerned, event) for event in new.admin]
        await work.record_many([*acts, *_signed_in(work, concerned, new.sign_ins)])


def _subjects(new: Seen) -> set[str]:
    named = {subject_of(event) for event in new.admin} | {event.admin for event in new.admin}
    return {subject for subject in named | {event.subject for event in new.sign_ins} if subject}


async def _people(session: AsyncSession, issuer: str, subjects: Collection[str]) -> dict[str, UUID]:
    found: dict[str, UUID] = {}
    asked = sorted(subjects)
    for start in range(0, len(asked), AT_ONCE):
        some = col(Identity.subject).in_(asked[start : start + AT_ONCE])
        query = select(Identity.subject, Identity.person_id).where(Identity.issuer == issuer, some)
        found |= dict((await session.exec(query)).all())
    return found


async def _end_sessions(work: UnitOfWork, session: AsyncSession, concerned: Concerned, new: Seen) -> None:
    for subject in sorted(logged_out(new) & concerned.people.keys()):
        await revoke_all_of(session, concerned.people[subject], work.now, REASON)
    for subject, time in reset_credentials(new).items():
        if subject in concerned.people:
            await revoke_before(session, concerned.issuer, subject, time * 1000, work.now)
    ended = {"revoked_at": work.now, "revoke_reason": REASON, "sealed": None}
    live = col(Session.issuer) == concerned.issuer, col(Session.revoked_at).is_(None)
    if everybody_out(new.admin):
        await session.exec(sa.update(Session).where(*live).values(**ended))
    gone = sorted(ended_sessions(new))
    for start in range(0, len(gone), AT_ONCE):
        some = col(Session.provider_sid).in_(gone[start : start + AT_ONCE])
        await session.exec(sa.update(Session).where(*live, some).values(**ended))


def everybody_out(events: Iterable[AdminEvent]) -> bool:
    """Say whether an administrator ended every session of the realm."""
    return any(event.operation == "ACTION" and event.path == "logout-all" for event in events)


async def _move(session: AsyncSession, now: int, issuer: str, new: Seen) -> None:
    cursor = await find_cursor(session, issuer)
    cursor.admin_time = max([cursor.admin_time, *(event.time for event in new.admin)])
    cursor.sign_in_time = max([cursor.sign_in_time, *(event.time for event in new.sign_ins)])
    cursor.polled, cursor.error, cursor.error_since = now, None, None
    session.add(cursor)
    old = min(cursor.admin_time, cursor.sign_in_time, now * 1000 // MICROSECONDS) - KEPT
    await session.exec(
        sa.delete(DirectoryEvent).where(col(DirectoryEvent.issuer) == issuer, col(DirectoryEvent.time) < old)
    )


def _changed(work: UnitOfWork, concerned: Concerned, event: AdminEvent) -> Act:
    person = concerned.people.get(subject_of(event) or "")
    happened = _happened(
        concerned.issuer, event.id, event.time, operation=event.operation, resource=event.resource_type
    )
    # Who is not known here has no key of their own to seal it under, so nothing is said of them.
    details = {"path": event.path[:500], "address": None, "session": None}
    by = concerned.people.get(event.admin or "")
    parts = [Part(name="happened", subject=None, content={**happened, "error": event.error})]
    if person is not None:
        parts.append(Part(name="concerned", subject=person, content=details))
    return Act(
        action=Action.DIRECTORY_CHANGE,
        actor=by or work.principal.id,
        resource=Resource("person" if person else "directory", person),
        parts=parts,
        outcome=Outcome.FAILURE if event.error else Outcome.SUCCESS,
    )


def _signed_in(work: UnitOfWork, concerned: Concerned, events: Sequence[SignInEvent]) -> list[Act]:
    told: list[Act] = []
    refused: Counter[int] = Counter()
    last: dict[int, SignInEvent] = {}
    for event in events:
        minute = event.time // MINUTE
        if event.error is not None:
            refused[minute] += 1
            if refused[minute] > FAILURES:
                last[minute] = event
                continue
        told.append(_sign_in(work, concerned, event, 1))
    rest = [(event, refused[minute] - FAILURES) for minute, event in last.items()]
    return told + [_counted(work, concerned, event, count) for event, count in rest]


def _sign_in(work: UnitOfWork, concerned: Concerned, event: SignInEvent, count: int) -> Act:
    person = concerned.people.get(event.subject or "")
    happened = _happened(concerned.issuer, event.id, event.time, type=event.type, client=event.client)
    parts = [Part(name="happened", subject=None, content={**happened, "error": event.error, "count": count})]
    if person is not None:
        details = {"path": None, "address": event.address, "session": event.session}
        parts.append(Part(name="concerned", subject=person, content=details))
    return Act(
        action=Action.DIRECTORY_SIGN_IN,
        actor=person or work.principal.id,
        resource=Resource("person" if person else "directory", person),
        parts=parts,
        outcome=Outcome.DENIED if event.error else Outcome.SUCCESS,
    )


def _counted(work: UnitOfWork, concerned: Concerned, event: SignInEvent, count: int) -> Act:
    many = SignInEvent(event.id, event.time, event.type, event.client, error=event.error)
    return _sign_in(work, concerned, many, count)


def _happened(issuer: str, event_id: str, time: int, **given: str | None) -> dict[str, object]:
    fields = {"type": None, "operation": None, "resource": None, "client": None, "error": None}
    return {"id": event_id, "time": time, "issuer": issuer, **fields, **given, "count": 1}
