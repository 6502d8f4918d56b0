"""Turns a believed sign-in into a person with rights and a session, and records what it changed."""

import contextlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from audit.event import Outcome, Part
from audit.events import Action
from console.errors import ConflictError
from console.people.records import record_right
from console.questions import Origin, Resource
from console.rows import identity_row, person_row
from console.services import Services
from console.sign_in.devices import device_name
from console.work import UnitOfWork
from sso.claims import IdTokenClaims
from sso.directory import Admission, admit
from sso.models import MappingRule
from sso.principal import Authentication, Principal, system_principal
from sso.remembered import digests_of, remember
from sso.sessions import CreatedSession, Device, create

MEETINGS: Final = 4
"""How often somebody is asked in again after meeting another at the door."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who came in, and the session made for their browser."""

    principal: Principal
    session: CreatedSession


async def start_session(
    services: Services, claims: IdTokenClaims, previous_cookie: str | None, origin: Origin
) -> SignedIn:
    """Admit the person behind `claims` and start a session; one transaction, one set of records.

    Raises:
        SignInError: the person is disabled, or the provider left groups out.
        AuditUnavailableError: it could not be recorded, so nobody is signed in.
        ConflictError: too many others came in at the same moment.
    """
    for _ in range(MEETINGS):
        # The same new person, or one of the same handle, came in at this moment: now they are known.
        with contextlib.suppress(ConflictError):
            return await _admitted(services, claims, previous_cookie, origin)
    return await _admitted(services, claims, previous_cookie, origin)


async def _admitted(
    services: Services, claims: IdTokenClaims, previous_cookie: str | None, origin: Origin
) -> SignedIn:
    work = UnitOfWork(services, system_principal("sign-in"), origin)
    async with work.write() as session:
        admission = await admit(session, claims, await session.exec(select(MappingRule)), work.now)
        principal = admitted_principal(admission, claims)
        work.act_as(principal)
        await record_admission(work, admission)
        await remember_claims(services, session, admission, claims)
        created = await create(
            session,
            person_id=admission.person.id,
            claims=claims,
            now=work.now,
            settings=services.settings.sign_in.sessions,
            previous_cookie=previous_cookie,
            key=services.session_key,
            device=Device(device_name(origin.user_agent), origin.address),
        )
        await work.record(Action.SESSION_CREATE, resource=Resource("person", principal.id))
    return SignedIn(principal, created)


async def remember_claims(
    services: Services, session: AsyncSession, admission: Admission, claims: IdTokenClaims
) -> None:
    """Keep, as digests, what a rule could match of this sign-in."""
    digests = digests_of(services.identity_key, claims.issuer, claims.given)
    await remember(session, admission.identity.id, digests)


async def record_admission(work: UnitOfWork, admission: Admission) -> None:
    """Record a new person, and every membership and role a sign-in brought or took away."""
    if admission.created:
        rows = [
            person_row(admission.person, work.now),
            identity_row(admission.identity, work.now, work.services.identity_key),
        ]
        subject = Resource("person", admission.person.id)
        # The part also makes the person's key: gateways may only read keys, and seal this person's calls.
        profile = {"handle": admission.profile.handle, "name": admission.profile.name}
        part = Part(name="person", subject=admission.person.id, content=profile)
        await work.record(Action.PERSON_CREATE, resource=subject, rows=rows, parts=[part])
    for added in admission.added:
        await record_right(work, added, gone=False)
    for removed in admission.removed:
        await record_right(work, removed, gone=True)


async def record_refusal(services: Services, reason: str, issuer: str, origin: Origin) -> UUID:
    """Record or count a sign-in that was not believed; return the entry's id for the page that says so."""
    if counted := await services.denials.admit(None, [reason], address=origin.address):
        return counted
    work = UnitOfWork(services, system_principal("sign-in"), origin)
    part = Part(name="sign_in", subject=None, content={"issuer": issuer})
    async with work.write():
        return await work.record(
            Action.SESSION_REFUSE, reasons=[reason], outcome=Outcome.DENIED, parts=[part]
        )


def admitted_principal(admission: Admission, claims: IdTokenClaims) -> Principal:
    """Return who has just been admitted, by the proof of that sign-in."""
    proof = Authentication(
        method="session",
        issuer=claims.issuer,
        subject=claims.subject,
        acr=claims.acr,
        auth_time=claims.auth_time,
    )
    profile, person = admission.profile, admission.person
    return Principal(person.id, person.kind.value, profile.handle, profile.name, proof)
