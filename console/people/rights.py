"""What the caller holds, as the tables say it."""

from console.people.forms import Me
from console.questions import Resource
from console.work import UnitOfWork
from policy.permissions import Permission
from sso.directory import rights_of


async def read_me(work: UnitOfWork) -> Me:
    """Return who the caller is and what they hold."""
    principal = work.principal
    person = Resource("person", principal.id, {"person": str(principal.id)})
    await work.authorize(Permission.SELF_READ, person)
    async with work.read() as session:
        rights = await rights_of(session, principal.id)
    return Me(
        id=principal.id,
        handle=principal.handle,
        name=principal.name,
        teams=list(rights.teams),
        owner_of=list(rights.owner_of),
        roles=[str(role) for role, _ in rights.roles],
    )
