"""The ends of sessions: by their owner, by an admin, or because the provider says so. Each is recorded."""

from uuid import UUID

from audit.event import Part
from audit.events import Action
from console.questions import Origin, Resource
from console.services import Services
from console.work import UnitOfWork
from sso.logout_token import LogoutClaims
from sso.models import Session
from sso.principal import system_principal
from sso.sessions import revoke
from sso.sign_outs import REASON, sign_out


async def end_session(work: UnitOfWork, id_hash: str, person_id: UUID) -> None:
    """Sign out: the session is over at once."""
    async with work.write() as session:
        await revoke(session, id_hash, work.now, "signed_out")
        await work.record(Action.SESSION_END, resource=Resource("person", person_id))


async def end_unconfirmed(services: Services, row: Session, reason: str) -> None:
    """End a session that its provider does not confirm."""
    work = UnitOfWork(services, system_principal("sign-in"), Origin("refresh"))
    async with work.write() as session:
        await revoke(session, row.id_hash, work.now, reason.partition(":")[0])
        await record_ended(work, row.person_id, reason, 1)


async def end_by_provider(services: Services, claims: LogoutClaims, origin: Origin) -> None:
    """End what a believed logout token names, and let the subject's other sessions be confirmed first.

    Raises:
        LogoutRefusedError: the token was used before.
        AuditUnavailableError: it could not be recorded; the provider may send it again.
    """
    work = UnitOfWork(services, system_principal("sign-in"), origin)
    async with work.write() as session:
        done = await sign_out(session, claims, work.now)
        if done.person_id is not None:
            await record_ended(work, done.person_id, REASON, done.ended)


async def record_ended(work: UnitOfWork, person_id: UUID, reason: str, ended: int) -> None:
    """Record how many sessions of a person ended, and why."""
    part = Part(name="sessions", subject=None, content={"ended": ended})
    target = Resource("person", person_id)
    await work.record(Action.SESSION_REVOKE, resource=target, reasons=[reason], parts=[part])
