"""One access request as its page tells it: what was asked, by whom, what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from console.access.forms import RequestDetail
from console.access.queries import read_request
from console.catalog.explained import group_in_words
from console.changes.explaining import PlanWords, plan_words
from console.changes.forms import ReviewRead
from console.clock import to_text
from console.work import UnitOfWork
from policy.models import ChangeState, Grant
from sso.models import Profile

ENDINGS = {
    "withdrawn": ("Withdrawn", "plain", "ban"),
    "expired": ("Expired: nobody answered for 30 days", "plain", "clock"),
    "approved": ("Approved", "good", "circle-check"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline; `time` is RFC 3339, None when it is still to come."""

    title: str
    time: str | None
    actor: str | None = None
    detail: str | None = None
    tone: str = "plain"
    icon: str = "circle-dashed"


@dataclass(frozen=True, slots=True)
class RequestPage:
    """What the page of one request shows; `granted` says that calls under it are allowed now."""

    asked: RequestDetail
    steps: Sequence[Step]
    plan: PlanWords
    deciders: Sequence[str]
    granted: bool
    may_withdraw: bool


async def open_request(work: UnitOfWork, request_id: UUID) -> RequestPage:
    """Return the page of one request.

    Raises:
        NotFoundError: no such request, or none the principal may read.
    """
    asked = await read_request(work, request_id)
    grant, revoker = await _grant(work, asked.grant_id)
    pending = asked.state == ChangeState.PENDING
    active = grant is not None and grant.revoked_at is None and grant.ends > work.now
    return RequestPage(
        asked=asked,
        plan=plan_words(asked),
        steps=tell_steps(asked, grant, revoker, work.now),
        deciders=[group_in_words(entry.group) for entry in asked.required],
        granted=active,
        may_withdraw=pending and asked.own,
    )


async def _grant(work: UnitOfWork, grant_id: UUID | None) -> tuple[Grant | None, Profile | None]:
    if grant_id is None:
        return None, None
    async with work.read() as session:
        grant = await session.get(Grant, grant_id)
        revoker = await session.get(Profile, grant.revoked_by) if grant and grant.revoked_by else None
    return grant, revoker


def tell_steps(asked: RequestDetail, grant: Grant | None, revoker: Profile | None, now: int) -> list[Step]:
    """Return what happened and what is still to come, in order."""
    who = asked.requester.shown
    first = Step("Asked", asked.created, f"{who}, for {asked.receiver}", asked.purpose, "info", "message")
    steps = [first, *(_answer(review) for review in asked.reviews), *_open(asked)]
    if asked.automatic:
        agreed = "The company has agreed to this for such models; nobody had to answer."
        steps.append(Step("Approved by policy", asked.decided, None, agreed, "good", "circle-check"))
    if asked.state in ENDINGS and grant is None:
        title, tone, icon = ENDINGS[asked.state]
        steps.append(Step(title, asked.decided, tone=tone, icon=icon))
    if grant is not None:
        steps += [_granted(grant, asked), _end(grant, revoker, now)]
    return steps


def _answer(review: ReviewRead) -> Step:
    approves = review.decision == "approve"
    who = review.reviewer.shown
    if review.stands_for is not None:
        who += f", in the stead of {review.stands_for.shown}"
    groups = " and ".join(group_in_words(group) for group in review.groups)
    words = f"“{review.meaning}”" + (f" {review.reason}" if review.reason else "")
    return Step(
        "Approved" if approves else "Refused",
        review.time,
        f"{who}, {groups}" if groups else who,
        words,
        "good" if approves else "bad",
        "circle-check" if approves else "circle-x",
    )


def _open(asked: RequestDetail) -> list[Step]:
    return [
        Step(f"Answer of {group_in_words(entry.group)}", None, tone="wait", icon="clock")
        for entry in asked.missing
        for _ in range(entry.count)
    ]


def _granted(grant: Grant, asked: RequestDetail) -> Step:
    detail = f"{asked.receiver.capitalize()} may call {asked.route}."
    return Step("Access granted", to_text(grant.starts), detail=detail, tone="good", icon="lock-open")


def _end(grant: Grant, revoker: Profile | None, now: int) -> Step:
    if grant.revoked_at is not None:
        who = revoker.name if revoker else None
        return Step("Access revoked", to_text(grant.revoked_at), who, grant.revoke_reason, "bad", "ban")
    title = "Access ended" if grant.ends <= now else "Access ends by itself"
    return Step(title, to_text(grant.ends), tone="plain", icon="calendar")
