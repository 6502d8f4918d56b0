"""The custody area's JSON API: holds, retention, erasures, and the changes to them that take two people."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from console.catalog.forms import Reason
from console.changes.forms import ChangeCreated
from console.custody.disclosing import ask_disclosure
from console.custody.erasing import ask_erasure
from console.custody.forms import (
    DisclosureAsk,
    ErasureAsk,
    HoldCreate,
    HoldRead,
    HoldReleaseAsk,
    LogKeyAsk,
    PruneAsk,
    RetentionAsk,
    RetentionRead,
)
from console.custody.holding import ask_release, create_hold
from console.custody.log_keys import ask_log_key
from console.custody.queries import list_holds, read_hold, read_retention
from console.custody.retention import ask_prune, ask_retention
from console.declared import declares
from console.web.listing import Listing
from console.work import UnitOfWork
from policy.models import ChangeState
from policy.permissions import Permission

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
State = Annotated[ChangeState | None, QueryParameter(name="state")]


@get("/retention", opt=declares(Permission.CHANGE_READ))
async def get_retention(work: NamedDependency[UnitOfWork]) -> Listing[RetentionRead]:
    """See how long each class of details is kept, and the floor."""
    return Listing(items=await read_retention(work))


@post("/retention", opt=declares(Permission.CHANGE_CREATE))
async def post_retention(work: NamedDependency[UnitOfWork], data: JSONBody[RetentionAsk]) -> ChangeCreated:
    """Ask that a class is kept for so many days; somebody else has to agree."""
    return await ask_retention(work, data)


@post("/removals", opt=declares(Permission.CHANGE_CREATE))
async def post_removal(work: NamedDependency[UnitOfWork], data: JSONBody[PruneAsk]) -> ChangeCreated:
    """Ask that details from before a day are removed once; somebody else has to agree."""
    return await ask_prune(work, data)


@get("/holds", opt=declares(Permission.CHANGE_READ))
async def get_holds(
    work: NamedDependency[UnitOfWork],
    everything: Annotated[bool, QueryParameter(name="all")] = False,  # noqa: FBT002 - a query parameter has a name
) -> Listing[HoldRead]:
    """List the legal holds in force, or all there ever were."""
    return Listing(items=await list_holds(work, everything=everything))


@post("/holds", opt=declares(Permission.HOLD_CREATE))
async def post_hold(work: NamedDependency[UnitOfWork], data: JSONBody[HoldCreate]) -> HoldRead:
    """Put entries under hold; it counts at once."""
    return await read_hold(work, await create_hold(work, data))


@post("/holds/{hold_id:uuid}/release", opt=declares(Permission.CHANGE_CREATE))
async def post_release(
    work: NamedDependency[UnitOfWork], hold_id: FromPath[UUID], data: JSONBody[Reason]
) -> ChangeCreated:
    """Ask that a hold ends; somebody else has to agree."""
    return await ask_release(work, HoldReleaseAsk(hold=hold_id, reason=data.reason))


@post("/disclosures", opt=declares(Permission.CHANGE_CREATE))
async def post_disclosure(work: NamedDependency[UnitOfWork], data: JSONBody[DisclosureAsk]) -> ChangeCreated:
    """Ask that a follower is told details in clear, or pseudonyms alone; somebody else has to agree."""
    return await ask_disclosure(work, data)


@post("/log/changes", opt=declares(Permission.CHANGE_CREATE))
async def post_log_change(work: NamedDependency[UnitOfWork], data: JSONBody[LogKeyAsk]) -> ChangeCreated:
    """Ask that the log gets another key, or ends; somebody else has to agree, and it is done on its host."""
    return await ask_log_key(work, data)


@post("/erasures", opt=declares(Permission.CHANGE_CREATE))
async def post_erasure(work: NamedDependency[UnitOfWork], data: JSONBody[ErasureAsk]) -> ChangeCreated:
    """Ask that a person is erased; somebody else has to agree."""
    return await ask_erasure(work, data)


API = (
    get_retention,
    post_retention,
    post_removal,
    get_holds,
    post_hold,
    post_release,
    post_disclosure,
    post_log_change,
    post_erasure,
)
