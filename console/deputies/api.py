"""The JSON API of deputies."""

from uuid import UUID

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from console.declared import declares
from console.deputies.forms import DelegationCreate, DelegationRead
from console.deputies.naming import accept_delegation, end_delegation, name_deputy
from console.deputies.queries import list_delegations
from console.web.listing import Listing
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/delegations", opt=declares(Permission.SELF_READ))
async def get_delegations(work: NamedDependency[UnitOfWork]) -> Listing[DelegationRead]:
    """List my deputies, and whose deputy I am."""
    return Listing(items=list(await list_delegations(work)))


@post("/delegations", opt=declares(Permission.DELEGATION_CREATE))
async def post_delegation(
    work: NamedDependency[UnitOfWork], data: JSONBody[DelegationCreate]
) -> dict[str, str]:
    """Name a deputy who may answer in my stead once they accept, or say that I am away."""
    return {"id": str((await name_deputy(work, data)).id)}


@post("/delegations/{delegation_id:uuid}/accept", opt=declares(Permission.DELEGATION_ACCEPT), status_code=204)
async def post_accept(work: NamedDependency[UnitOfWork], delegation_id: FromPath[UUID]) -> None:
    """Accept to be somebody's deputy."""
    await accept_delegation(work, delegation_id)


@delete("/delegations/{delegation_id:uuid}", opt=declares(Permission.DELEGATION_END))
async def delete_delegation(work: NamedDependency[UnitOfWork], delegation_id: FromPath[UUID]) -> None:
    """End a delegation of mine, or to me, at once."""
    await end_delegation(work, delegation_id)


API = (get_delegations, post_delegation, post_accept, delete_delegation)
