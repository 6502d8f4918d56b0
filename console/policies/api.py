"""The policies' JSON API: what decides, drafts and their checks, replay, and asking that one decides."""

from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from console.catalog.forms import Reason
from console.changes.forms import ChangeCreated
from console.declared import declares
from console.policies.drafts import (
    change_draft,
    propose_draft,
    propose_rollback,
    replay_draft,
    start_draft,
)
from console.policies.forms import (
    DraftCreate,
    DraftRead,
    FileChange,
    FilesRead,
    FlipRead,
    PoliciesRead,
    ReplayAsk,
)
from console.policies.overview import list_flips, read_draft, read_policies, read_revision, shown_draft
from console.web.listing import Listing, cursor
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/policies", opt=declares(Permission.POLICY_READ))
async def get_policies(work: NamedDependency[UnitOfWork]) -> PoliciesRead:
    """Read which revision decides, and which are kept."""
    return await read_policies(work)


@get("/policies/revisions/{revision:str}", opt=declares(Permission.POLICY_READ))
async def get_revision(work: NamedDependency[UnitOfWork], revision: FromPath[str]) -> FilesRead:
    """Read the files of a kept revision."""
    return await read_revision(work, revision)


@post("/policies/drafts", opt=declares(Permission.POLICY_DRAFT))
async def post_draft(work: NamedDependency[UnitOfWork], data: JSONBody[DraftCreate]) -> DraftRead:
    """Begin a draft; it is linted, compiled and tested at once."""
    return await shown_draft(work, await start_draft(work, data.files))


@get("/policies/drafts/{draft_id:uuid}", opt=declares(Permission.POLICY_READ))
async def get_draft(work: NamedDependency[UnitOfWork], draft_id: FromPath[UUID]) -> DraftRead:
    """Read a draft, what checking found, and how far its replay is."""
    _, shown = await read_draft(work, draft_id)
    return shown


@post("/policies/drafts/{draft_id:uuid}/files", opt=declares(Permission.POLICY_DRAFT), status_code=200)
async def post_file(
    work: NamedDependency[UnitOfWork], draft_id: FromPath[UUID], data: JSONBody[FileChange]
) -> DraftRead:
    """Change one file of a draft; the whole is checked again."""
    return await shown_draft(work, await change_draft(work, draft_id, data.path, data.text))


@post("/policies/drafts/{draft_id:uuid}/replay", opt=declares(Permission.POLICY_DRAFT), status_code=200)
async def post_replay(
    work: NamedDependency[UnitOfWork], draft_id: FromPath[UUID], data: JSONBody[ReplayAsk]
) -> DraftRead:
    """Ask that the last days' decisions are taken again under a draft; the worker does it."""
    return await shown_draft(work, await replay_draft(work, draft_id, data.days))


@get("/policies/drafts/{draft_id:uuid}/flips", opt=declares(Permission.POLICY_READ))
async def get_flips(
    work: NamedDependency[UnitOfWork], draft_id: FromPath[UUID], after: FromQuery[str] = ""
) -> Listing[FlipRead]:
    """List the decisions that would come out differently under a draft, those alike as one."""
    return Listing.of(await list_flips(work, draft_id, cursor(after, 1)))


@post("/policies/drafts/{draft_id:uuid}/propose", opt=declares(Permission.CHANGE_CREATE))
async def post_proposal(
    work: NamedDependency[UnitOfWork], draft_id: FromPath[UUID], data: JSONBody[Reason]
) -> ChangeCreated:
    """Ask that a draft decides; somebody else has to agree."""
    return await propose_draft(work, draft_id, data.reason)


@post("/policies/rollback", opt=declares(Permission.CHANGE_CREATE))
async def post_rollback(work: NamedDependency[UnitOfWork], data: JSONBody[Reason]) -> ChangeCreated:
    """Ask that the revision that decided before decides again; somebody else has to agree."""
    return await propose_rollback(work, data.reason)


API = (
    get_policies,
    get_revision,
    post_draft,
    get_draft,
    post_file,
    post_replay,
    get_flips,
    post_proposal,
    post_rollback,
)
