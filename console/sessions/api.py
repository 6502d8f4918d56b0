"""The sessions' JSON API: what the pages do."""

from uuid import UUID

from litestar import delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from console.catalog.forms import Reason
from console.declared import declares
from console.sessions.actions import end_everywhere, end_one
from console.sessions.queries import SessionRead, list_sessions
from console.web.listing import Listing
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/me/sessions", opt=declares(Permission.SESSION_READ))
async def get_own(work: NamedDependency[UnitOfWork]) -> Listing[SessionRead]:
    """List where I am signed in."""
    return Listing(items=list(await list_sessions(work, work.principal.id)))


@delete("/me/sessions/{session_id:uuid}", opt=declares(Permission.SESSION_REVOKE))
async def delete_own(work: NamedDependency[UnitOfWork], session_id: FromPath[UUID]) -> None:
    """End one of my sessions."""
    await end_one(work, session_id)


@delete("/me/sessions", opt=declares(Permission.SESSION_REVOKE))
async def delete_all_own(work: NamedDependency[UnitOfWork]) -> None:
    """Sign me out everywhere; this token is refused from now on, too."""
    await end_everywhere(work, work.principal.id)


@get("/people/{person_id:uuid}/sessions", opt=declares(Permission.SESSION_READ))
async def get_of_person(work: NamedDependency[UnitOfWork], person_id: FromPath[UUID]) -> Listing[SessionRead]:
    """List where somebody is signed in."""
    return Listing(items=list(await list_sessions(work, person_id)))


@delete("/people/{person_id:uuid}/sessions", opt=declares(Permission.SESSION_REVOKE))
async def delete_of_person(
    work: NamedDependency[UnitOfWork], person_id: FromPath[UUID], data: JSONBody[Reason]
) -> None:
    """Sign somebody out everywhere."""
    await end_everywhere(work, person_id, data.reason)


API = (get_own, delete_own, delete_all_own, get_of_person, delete_of_person)
