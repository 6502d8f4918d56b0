"""Reads of the policies: what decides, every kept revision's text, and drafts with what was found of them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.catalog.facts import nothing_here
from console.clock import to_text
from console.explain.asked import read_handles
from console.explain.forms import Named
from console.models import Model, Route
from console.policies.active import read_active
from console.policies.bundles import find_revision
from console.policies.checking import bundle_of
from console.policies.covered import shown_coverage
from console.policies.drafts import files_of, find_draft, report_of
from console.policies.forms import (
    DraftItem,
    DraftRead,
    FilesRead,
    FindingRead,
    FlipRead,
    PoliciesRead,
    ReplayRead,
    RevisionRead,
)
from console.policies.replaying import read_flips
from console.policies.staging import read_stage, shown_stage
from console.questions import Resource
from console.web.pagination import PAGE_SIZE, Key, KeysetPage, cut_page
from console.work import UnitOfWork
from policy.decision import Holds
from policy.models import PolicyBundle, PolicyDraft, PolicyFlip, PolicyReplay
from policy.permissions import Permission
from sso.models import Team

NAMING: Final = Permission.ACCESS_REQUEST_READ
"""Who reads who asked for a route reads who would lose or gain it: not an admin, who writes policies."""
SHOWN: Final = 50


async def read_policies(work: UnitOfWork) -> PoliciesRead:
    """Return what decides and what is kept.

    Raises:
        RefusedError: the caller reads no policies.
    """
    await work.authorize(Permission.POLICY_READ, Resource("policy"))
    services = work.services
    kept = select(PolicyBundle).order_by(col(PolicyBundle.created).desc()).limit(SHOWN)
    async with work.read() as session:
        active = await read_active(session, services.policies.shipped)
        rows = (await session.exec(kept)).all()
        stage = await read_stage(session, services, active)
    revisions = [RevisionRead(revision=row.revision, created=to_text(row.created)) for row in rows]
    if services.policies.shipped.revision not in {one.revision for one in revisions}:
        revisions.append(RevisionRead(revision=services.policies.shipped.revision, created=None))
    return PoliciesRead(
        active=active.revision,
        previous=active.previous,
        activated=to_text(active.activated) if active.activated else None,
        reported=services.decider.revision if isinstance(services.decider, Holds) else None,
        trouble=services.policies.trouble,
        stage=shown_stage(stage),
        kept=revisions,
    )


async def read_revision(work: UnitOfWork, revision: str) -> FilesRead:
    """Return the files of a kept revision.

    Raises:
        RefusedError: the caller reads no policies.
        NotFoundError: there is none of this name.
    """
    await work.authorize(Permission.POLICY_READ, Resource("policy"))
    async with work.read() as session:
        found = await find_revision(session, revision, work.services.policies.shipped)
    if found is None:
        raise nothing_here()
    return FilesRead(revision=found.revision, files=dict(sorted(found.files.items())))


async def list_drafts(work: UnitOfWork) -> Sequence[DraftItem]:
    """Return the newest drafts, to whoever reads policies."""
    await work.authorize(Permission.POLICY_READ, Resource("policy"))
    replayed = col(PolicyReplay.draft_id) == col(PolicyDraft.id)
    query = select(PolicyDraft, PolicyReplay).outerjoin(PolicyReplay, replayed)
    async with work.read() as session:
        rows = await session.exec(query.order_by(col(PolicyDraft.updated).desc()).limit(SHOWN))
        return [_item(draft, replay) for draft, replay in rows]


def _item(draft: PolicyDraft, replay: PolicyReplay | None) -> DraftItem:
    report = report_of(draft)
    return DraftItem(
        id=draft.id,
        revision=bundle_of(files_of(draft)).revision,
        sound=report.sound,
        passed=report.passed,
        failed=len(report.failed),
        replay=_shown_replay(replay) if replay else None,
        proposed=draft.proposed is not None,
        updated=to_text(draft.updated),
    )


async def read_draft(work: UnitOfWork, draft_id: UUID) -> tuple[PolicyDraft, DraftRead]:
    """Return a draft, to whoever reads policies.

    Raises:
        RefusedError: the caller reads no policies.
        NotFoundError: no such draft.
    """
    found = await find_draft(work, draft_id, Permission.POLICY_READ)
    return found, await shown_draft(work, found)


async def shown_draft(work: UnitOfWork, draft: PolicyDraft) -> DraftRead:
    """Return a draft as people and programs read it."""
    report, files = report_of(draft), files_of(draft)
    async with work.read() as session:
        replay = await session.get(PolicyReplay, draft.id)
    return DraftRead(
        id=draft.id,
        revision=bundle_of(files).revision,
        base=draft.base,
        sound=report.sound,
        passed=report.passed,
        problems=[FindingRead(**asdict(one)) for one in report.problems],
        failed=[FindingRead(**asdict(one)) for one in report.failed],
        coverage=shown_coverage(report, files),
        replay=_shown_replay(replay) if replay else None,
        proposed=draft.proposed is not None,
        updated=to_text(draft.updated),
    )


async def list_flips(
    work: UnitOfWork, draft_id: UUID, after: Key | None = None, size: int = PAGE_SIZE
) -> KeysetPage[FlipRead]:
    """Return decisions that would come out differently under a draft, to whoever reads policies.

    Whose they are is told of those routes alone on which the caller may read requests, and of themselves.

    Raises:
        RefusedError: the caller reads no policies.
        NotFoundError: no such draft.
    """
    await find_draft(work, draft_id, Permission.POLICY_READ)
    async with work.read() as session:
        rows = await read_flips(session, draft_id, str(after[0]) if after else "", size + 1)
    flips = [(row, json.loads(row.said)) for row in rows]
    named = await _named(work, [said for _, said in flips])
    cut = cut_page(flips, lambda flip: (flip[0].place,), size)
    return KeysetPage([_shown_flip(*flip, named) for flip in cut.items], cut.next)


async def _named(work: UnitOfWork, said: Sequence[dict[str, Any]]) -> dict[tuple[str, str], Named]:
    """Return people by themselves and route, as far as the caller may read whose decisions on it they are."""
    scope = await work.scope(NAMING)
    async with work.read() as session:
        owned = select(Route.name, Team.name).join(Model, col(Model.id) == col(Route.model_id))
        owned = owned.join(Team, col(Team.id) == col(Model.team_id))
        wanted = col(Route.name).in_({one["route"] for one in said})
        teams = dict((await session.exec(owned.where(wanted))).all())
        rows = {(one["person"], one["route"]): teams.get(one["route"]) for one in said}
        seen = [at for at, team in rows.items() if scope.includes({"team": team, "person": at[0]})]
        people = await read_handles(session, {UUID(person) for person, _ in seen})
    return {at: people[UUID(at[0])] for at in seen}


def _shown_replay(row: PolicyReplay) -> ReplayRead:
    return ReplayRead(
        state=_state(row),
        progress=_progress(row),
        trouble=row.trouble,
        since=to_text(row.since),
        decisions=row.decisions,
        unreadable=row.unreadable,
        altered=row.altered,
        undecided=row.undecided,
        flipped=row.flipped,
        digest=row.digest,
    )


def _state(row: PolicyReplay) -> str:
    if row.done is not None:
        return "failed" if row.trouble else "done"
    return "running" if row.position > row.first else "waiting"


def _progress(row: PolicyReplay) -> int:
    if row.done is not None or row.last <= row.first:
        return 100
    return 100 * (row.position - row.first) // (row.last - row.first)


def _shown_flip(row: PolicyFlip, said: dict[str, Any], named: dict[tuple[str, str], Named]) -> FlipRead:
    return FlipRead(
        what=row.what,
        person=named.get((said["person"], said["route"])),
        action=said["action"],
        route=said["route"],
        reasons=said["reasons"],
        would_reasons=said["would_reasons"],
        times=row.times,
        entry=row.entry,
    )
