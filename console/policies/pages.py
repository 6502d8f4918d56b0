"""The policies' pages: what decides, the text of a revision, and a draft from its first line to the vote."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from console.declared import declares
from console.policies.desk import (
    open_draft,
    open_policies,
    open_revision,
    send_file,
    send_proposal,
    send_replay,
    send_rollback,
)
from console.policies.drafts import start_draft
from console.web.request import ConsoleRequest
from console.web.responses import form_error, page, redirect
from console.web.submitted import typed
from console.work import UnitOfWork
from policy.permissions import Permission


@get("/policies", opt=declares(Permission.POLICY_READ))
async def policies(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template:
    """See which revision decides, which engines report it, and which drafts there are."""
    context = await open_policies(work)
    return page(request, "policies/policies.html", context, fragment="policies/_stage.html")


@get("/policies/revisions/{revision:str}", opt=declares(Permission.POLICY_READ))
async def revision_text(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], revision: FromPath[str]
) -> Template:
    """Read a revision: its source beside what it says."""
    return page(request, "policies/revision.html", await open_revision(work, revision))


@post("/policies/drafts", opt=declares(Permission.POLICY_DRAFT), status_code=200)
async def new_draft(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Begin a draft from what decides now."""
    return redirect(request, f"/policies/drafts/{(await start_draft(work)).id}")


@get("/policies/drafts/{draft_id:uuid}", opt=declares(Permission.POLICY_READ))
async def draft(
    request: ConsoleRequest,
    work: NamedDependency[UnitOfWork],
    draft_id: FromPath[UUID],
    path: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Template:
    """Write a draft: its files, what checking found, what would come out differently."""
    fragment = "policies/_flips.html" if after else "policies/_replay.html"
    context = await open_draft(work, draft_id, path, after)
    return page(request, "policies/draft.html", context, fragment=fragment)


@post("/policies/drafts/{draft_id:uuid}/files", opt=declares(Permission.POLICY_DRAFT), status_code=200)
async def save_file(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], draft_id: FromPath[UUID]
) -> Template | Response[Any]:
    """Save one file; the whole draft is checked again."""
    context, path = await send_file(work, draft_id, await typed(request))
    if context is not None:
        return form_error(request, "policies/draft.html", context, fragment="policies/_file_form.html")
    return redirect(request, f"/policies/drafts/{draft_id}?path={path}")


@post("/policies/drafts/{draft_id:uuid}/replay", opt=declares(Permission.POLICY_DRAFT), status_code=200)
async def replay(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], draft_id: FromPath[UUID]
) -> Template | Response[Any]:
    """Ask that past decisions are replayed under the draft."""
    context = await send_replay(work, draft_id, await typed(request))
    if context is not None:
        return form_error(request, "policies/draft.html", context, fragment="policies/_replay_form.html")
    return redirect(request, f"/policies/drafts/{draft_id}#replay")


@post("/policies/drafts/{draft_id:uuid}/propose", opt=declares(Permission.CHANGE_CREATE), status_code=200)
async def ask(
    request: ConsoleRequest, work: NamedDependency[UnitOfWork], draft_id: FromPath[UUID]
) -> Template | Response[Any]:
    """Ask that the draft decides."""
    context, created = await send_proposal(work, draft_id, await typed(request))
    if created is None:
        return form_error(request, "policies/draft.html", context, fragment="policies/_propose_form.html")
    return redirect(request, f"/records/changes/{created}")


@post("/policies/rollback", opt=declares(Permission.CHANGE_CREATE), status_code=200)
async def rollback(request: ConsoleRequest, work: NamedDependency[UnitOfWork]) -> Template | Response[Any]:
    """Ask that the revision before decides again."""
    context, created = await send_rollback(work, await typed(request))
    if created is None:
        return form_error(request, "policies/policies.html", context, fragment="policies/_rollback_form.html")
    return redirect(request, f"/records/changes/{created}")


PAGES = (policies, revision_text, new_draft, draft, save_file, replay, ask, rollback)
