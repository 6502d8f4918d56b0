"""A session is confirmed by its provider: every few minutes, and at once when something was said of it.

What the provider says of the person now goes through the mapping rules, as at a sign-in.
"""

import asyncio
from typing import Final

from sqlmodel import select

from console.errors import NotFoundError, ServiceUnavailableError
from console.questions import Origin
from console.services import Services
from console.sign_in.admission import admitted_principal, record_admission, remember_claims
from console.sign_in.ending import end_unconfirmed
from console.work import UnitOfWork
from sso.claims import IdTokenClaims
from sso.confirming import Need, claim, confirm, is_claimed, need_of
from sso.directory import Admission, admit
from sso.errors import ProviderError, SignInError
from sso.kept import open_sealed, seal
from sso.models import MappingRule, Session
from sso.principal import system_principal

AWAY: Final = "provider_unavailable"
UNCONFIRMED: Final = (
    "The identity provider does not answer, and your session has to be confirmed. Try again soon."
)
PATIENCE: Final = 3.0
"""Seconds to wait for another process that is confirming the same session."""
LOOK_EVERY: Final = 0.1


class _RightsChangedError(Exception):
    """What the provider says gives other rights, so it has to be recorded."""


async def confirm_session(services: Services, row: Session) -> bool:
    """Say whether the live session `row` goes on, and let its provider confirm it when that is due.

    Raises:
        ServiceUnavailableError: it has to be confirmed now, and the provider does not answer.
    """
    began, limits = services.clock(), services.settings.sign_in.sessions
    need = need_of(row, began, limits)
    if need is Need.NOTHING:
        return True
    if not await _claimed(services, row, began):
        return need is Need.WISHED or await _confirmed_by_another(services, row)
    try:
        claims = await _ask(services, row)
        await _keep(services, row, claims, began)
    except SignInError as error:
        return await _unconfirmed(services, row, error, need)
    return True


async def _claimed(services: Services, row: Session, now: int) -> bool:
    if is_claimed(row, now):
        return False
    async with services.database.write() as session:
        return await claim(session, row, now)


async def _ask(services: Services, row: Session) -> IdTokenClaims:
    kept = open_sealed(row.sealed, services.session_key, row.id_hash)
    if kept is None:
        raise SignInError("not_refreshable")
    try:
        party = services.sign_in.relying_party(row.issuer)
    except NotFoundError:
        raise SignInError("unknown_issuer") from None
    return await party.refresh(kept, row.subject)


async def _unconfirmed(services: Services, row: Session, error: SignInError, need: Need) -> bool:
    if error.reason not in ProviderError.sentences:
        await end_unconfirmed(services, row, error.reason)
        return False
    if need is Need.REQUIRED:
        raise ServiceUnavailableError(UNCONFIRMED, (AWAY,))
    return True


async def _keep(services: Services, row: Session, claims: IdTokenClaims, began: int) -> None:
    """Keep the new refresh token, and what rights the claims give now; recorded only when they changed."""
    try:
        async with services.database.write() as session:
            admission = await admit(
                session, claims, await session.exec(select(MappingRule)), services.clock()
            )
            _leave_if_changed(admission)
            await remember_claims(services, session, admission, claims)
            await confirm(session, row, _sealed(services, row, claims), began, services.clock())
    except _RightsChangedError:
        await _keep_changed(services, row, claims, began)


def _leave_if_changed(admission: Admission) -> None:
    if admission.created or admission.added or admission.removed:
        raise _RightsChangedError


async def _keep_changed(services: Services, row: Session, claims: IdTokenClaims, began: int) -> None:
    work = UnitOfWork(services, system_principal("sign-in"), Origin("refresh"))
    async with work.write() as session:
        admission = await admit(session, claims, await session.exec(select(MappingRule)), work.now)
        work.act_as(admitted_principal(admission, claims))
        await record_admission(work, admission)
        await remember_claims(services, session, admission, claims)
        await confirm(session, row, _sealed(services, row, claims), began, work.now)


def _sealed(services: Services, row: Session, claims: IdTokenClaims) -> bytes:
    if claims.kept is None:
        raise SignInError("not_refreshable")
    return seal(claims.kept, services.session_key, row.id_hash)


async def _confirmed_by_another(services: Services, row: Session) -> bool:
    limits = services.settings.sign_in.sessions
    for _ in range(int(PATIENCE / LOOK_EVERY)):
        await asyncio.sleep(LOOK_EVERY)
        async with services.database.read() as session:
            found = await session.get(Session, row.id_hash)
        if found is None or found.revoked_at is not None:
            return False
        if need_of(found, services.clock(), limits) is not Need.REQUIRED:
            return True
    raise ServiceUnavailableError(UNCONFIRMED, (AWAY,))
