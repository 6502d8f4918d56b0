"""Asks for a change, and says when it was done: one event for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from audit.event import Part
from audit.events import Action
from console.changes.clock import due_at
from console.changes.forms import ChangeCreated
from console.changes.kinds import KeptChange, Subject, described, kind_of
from console.changes.plans import plan_for
from console.changes.rows import change_row
from console.changes.shown import asked_list
from console.changes.states import state_is
from console.changes.withdrawing import take_back
from console.errors import ConflictError
from console.questions import Resource
from console.work import UnitOfWork
from policy.canonical import canonical, content_hash
from policy.decision import Document
from policy.facts import describe_change_of
from policy.models import Change, ChangeKind, ChangeState
from policy.permissions import Permission
from policy.plan import Plan
from sso.models import Person, Team


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A change on its way into its row."""

    id: UUID
    kind: ChangeKind
    requester: UUID
    subject: Subject
    content: Document


async def authorize_asking(work: UnitOfWork, kind: ChangeKind) -> None:
    """Let who may ask for this kind go on; before anything is looked up for them.

    Raises:
        RefusedError: the caller may not ask for it.
    """
    await work.authorize(Permission.CHANGE_CREATE, Resource("change", None, {"kind": kind.value}))


async def propose(
    work: UnitOfWork,
    kind: ChangeKind,
    subject: Subject,
    reason: str,
    *,
    replaces: UUID | None = None,
    requester: UUID | None = None,
) -> ChangeCreated:
    """Ask for a change, which the caller has been authorized to ask for.

    `replaces` is a pending one of the caller's that says something else: it is withdrawn, and its answers
    with it, in the same transaction. `requester` is in whose name the system asks.

    Raises:
        ConflictError: it cannot be done as things stand, the same is pending, or what it replaces is decided.
    """
    asker = requester or work.principal.id
    content = {"kind": kind.value, "requester": str(asker), "reason": reason, **subject.content}
    async with work.read() as session:
        if objection := await kind_of(kind).check(work.services, session, content):
            raise objection.error()
    proposal = _Proposal(uuid7(), kind, asker, subject, content)
    plan = await plan_for(work, _document(proposal))
    async with work.write() as session:
        if replaces is not None:
            await take_back(work, session, replaces, asker)
        await _refuse_twin(session, work, proposal)
        change = _change(work, proposal, plan, await _team_id(session, proposal))
        session.add(change)
        await session.flush()
        await _record(work, change, content)
    return ChangeCreated(
        id=change.id,
        kind=kind.value,
        state=change.state.value,
        content_hash=change.content_hash,
        required=asked_list(plan.required),
    )


async def execute_change(work: UnitOfWork, session: AsyncSession, found: KeptChange, now: int) -> None:
    """Carry an approved change out, in the transaction of its last answer."""
    part = Part(
        name="executed",
        subject=None,
        content={"kind": found.change.kind.value, "content_hash": found.change.content_hash},
    )
    resource = Resource("change", found.change.id)
    rows = await found.kind.execute(work, session, found, now)
    await work.record(
        Action.CHANGE_EXECUTE, resource=resource, request=found.change.id, rows=rows, parts=[part]
    )


async def _team_id(session: AsyncSession, proposal: _Proposal) -> UUID | None:
    """Return the team whose owner and reviewers are asked, for lists; None where it is everybody's."""
    name = kind_of(proposal.kind).team(proposal.content)
    return (await session.exec(select(Team.id).where(col(Team.name) == name))).first() if name else None


def _document(proposal: _Proposal) -> Document:
    kind = kind_of(proposal.kind)
    return describe_change_of(
        proposal.kind.value,
        id=proposal.id,
        requester=proposal.requester,
        content_hash=content_hash(proposal.content),
        parties=kind.parties(proposal.content),
        about=described(kind, proposal.content),
    )


def _change(work: UnitOfWork, proposal: _Proposal, plan: Plan, team_id: UUID | None) -> Change:
    now = work.now
    return Change(
        id=proposal.id,
        kind=proposal.kind,
        resource_type=proposal.subject.type,
        resource_id=proposal.subject.id,
        team_id=team_id,
        requester_id=proposal.requester,
        content=canonical(proposal.content).decode(),
        content_hash=content_hash(proposal.content),
        state=ChangeState.PENDING,
        required=canonical(plan.required_document()).decode(),
        policy_revision=plan.revision,
        created=now,
        **planned(plan, now),
    )


def planned(plan: Plan, now: int) -> dict[str, Any]:
    """Return the columns that keep what a plan says beside whom it asks: why, until when, who else."""
    return {
        "why": canonical(list(plan.why)).decode(),
        "due": due_at(plan, now),
        "further": canonical(list(plan.further)).decode(),
    }


async def _refuse_twin(session: AsyncSession, work: UnitOfWork, proposal: _Proposal) -> None:
    # Two equal askings at the same moment wait for each other here (PostgreSQL; SQLite has one writer).
    await session.get_one(Person, proposal.requester, with_for_update=True)
    same = select(Change.id).where(
        col(Change.kind) == proposal.kind,
        col(Change.resource_id) == proposal.subject.id,
        state_is(ChangeState.PENDING, work.now),
    )
    if (await session.exec(same)).first():
        raise ConflictError("This has been asked for already; it is pending.", ("already_pending",))


async def _record(work: UnitOfWork, change: Change, content: Mapping[str, object]) -> None:
    told_of = {name: value for name, value in content.items() if name not in {"reason", "requester", "kind"}}
    asked = {"kind": change.kind.value, "content": told_of, "content_hash": change.content_hash}
    await work.record(
        Action.CHANGE_CREATE,
        resource=Resource("change", change.id),
        request=change.id,
        rows=[change_row(change, change.created)],
        parts=[
            Part(name="asked", subject=None, content=asked),
            Part(name="reason", subject=change.requester_id, content={"reason": content["reason"]}),
        ],
    )
