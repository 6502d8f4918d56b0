"""The JSON API of accounts that count as one human."""

from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from console.changes.forms import ChangeCreated
from console.declared import declares
from console.people.forms import IdentityLinkAsk, IdentityLinkPart, IdentityLinkRead
from console.people.linking import ask_link, ask_part, list_links
from console.web.listing import Listing
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/identity-links", opt=declares(Permission.PERSON_READ))
async def get_links(work: NamedDependency[UnitOfWork]) -> Listing[IdentityLinkRead]:
    """List the accounts that count as one human, two by two."""
    return Listing(items=list(await list_links(work)))


@post("/identity-links", opt=declares(Permission.CHANGE_CREATE))
async def post_link(work: NamedDependency[UnitOfWork], data: JSONBody[IdentityLinkAsk]) -> ChangeCreated:
    """Ask that two accounts count as one human; somebody else has to approve."""
    return await ask_link(work, data)


@post("/identity-links/{link_id:uuid}/part", opt=declares(Permission.CHANGE_CREATE))
async def post_part(
    work: NamedDependency[UnitOfWork], link_id: FromPath[UUID], data: JSONBody[IdentityLinkPart]
) -> ChangeCreated:
    """Ask that two accounts count as two humans again; somebody else has to approve."""
    return await ask_part(work, link_id, data.reason)


API = (get_links, post_link, post_part)
