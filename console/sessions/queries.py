"""Sessions as people see them: never by a key that could be used as one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import col, select

from console.catalog.forms import Reason
from console.errors import NotFoundError
from console.questions import Resource
from console.web.forms import Form
from console.web.times import rfc3339
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.models import Profile, Session
from sso.sessions import is_live


class SessionRead(BaseModel):
    """A session as its owner and admins see it; `waits` until its provider has confirmed it again."""

    id: UUID
    device: str | None
    address: str | None
    issuer: str
    created: str
    seen: str
    ends: str
    confirmed: str
    waits: bool
    current: bool


@dataclass(frozen=True, slots=True)
class SessionsPage:
    """What a page of sessions shows; `person_id` is None on one's own."""

    sessions: Sequence[SessionRead]
    person_id: UUID | None
    name: str
    refresh_minutes: int
    form: Form[Reason] = field(default_factory=Form[Reason])


def session_resource(person_id: UUID) -> Resource:
    """Return the sessions of a person as what is acted on."""
    return Resource("session", person_id, {"person": str(person_id)})


async def list_sessions(work: UnitOfWork, person_id: UUID) -> Sequence[SessionRead]:
    """Return the live sessions of a person, the one used last first.

    Raises:
        RefusedError: they are neither the caller's, nor does the caller look after people.
    """
    await work.authorize(Permission.SESSION_READ, session_resource(person_id))
    query = select(Session).where(col(Session.person_id) == person_id, col(Session.revoked_at).is_(None))
    async with work.read() as session:
        rows = (await session.exec(query.order_by(col(Session.seen).desc()))).all()
    here, now = work.principal.authentication.session_id_hash, work.now
    return [_read(row, here) for row in rows if is_live(row, now)]


async def open_sessions(
    work: UnitOfWork, person_id: UUID | None = None, form: Form[Reason] | None = None
) -> SessionsPage:
    """Return the page of one's own sessions, or of a person's.

    Raises:
        NotFoundError: there is no such person.
    """
    sessions = await list_sessions(work, person_id or work.principal.id)
    name = work.principal.name if person_id is None else await _name(work, person_id)
    minutes = work.services.settings.sign_in.sessions.refresh // 60
    return SessionsPage(sessions, person_id, name, minutes, form or Form())


async def _name(work: UnitOfWork, person_id: UUID) -> str:
    async with work.read() as session:
        profile = await session.get(Profile, person_id)
    if profile is None:
        raise NotFoundError("There is nobody here by that name.", ("not_found",))
    return profile.name


def _read(row: Session, here: str | None) -> SessionRead:
    return SessionRead(
        id=row.id,
        device=row.device,
        address=row.address,
        issuer=row.issuer,
        created=rfc3339(row.created),
        seen=rfc3339(row.seen),
        ends=rfc3339(min(row.idle_end, row.end)),
        confirmed=rfc3339(row.refreshed),
        waits=row.must_refresh is not None,
        current=row.id_hash == here,
    )
