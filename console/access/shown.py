"""Requests and reviews as people are shown them: names come from the erasable profiles."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.access.asked import Answers
from console.access.facts import RequestFacts
from console.access.forms import Asked, RequestItem, ReviewRead, Someone
from console.access.states import state_at
from console.clock import to_text
from policy.approvals import missing
from policy.changes import approvals
from policy.decision import GroupCount
from policy.models import Change, ChangeState, Review
from policy.plan import read_group_counts
from sso.models import Profile


def request_item(change: Change, requester: Profile | None, mine: Answers, now: int) -> RequestItem:
    """Return a request as a list shows it: what was asked, not what the model is by now."""
    content: dict[str, Any] = json.loads(change.content)
    required = read_group_counts(json.loads(change.required))
    state, owner = state_at(change, now), content["route"]["team"]
    return RequestItem(
        id=change.id,
        state=state.value,
        route=content["route"]["name"],
        title=content["title"],
        owner_team=owner,
        team=content["team"],
        tier=content["tier"],
        data_class=content["data_class"],
        purpose=content["purpose"],
        duration_days=content["duration_days"],
        requester=someone(change.requester_id, requester),
        created=to_text(change.created),
        decided=to_text(change.decided) if change.decided else None,
        required=asked_list(required),
        grant_id=change.grant_id,
        asked=state is ChangeState.PENDING and mine.awaited(change, owner, required),
    )


def missing_now(found: RequestFacts, now: int) -> list[Asked]:
    """Return whose approvals a pending request still lacks; nothing for a decided one."""
    facts = found.for_rules(now)
    if facts.state is not ChangeState.PENDING:
        return []
    return asked_list(missing(found.required, approvals(facts)))


async def review_reads(session: AsyncSession, reviews: Sequence[Review]) -> list[ReviewRead]:
    """Return the answers in the order they were signed."""
    wanted = [review.reviewer_id for review in reviews]
    query = select(Profile).where(col(Profile.person_id).in_(wanted))
    profiles = {profile.person_id: profile for profile in await session.exec(query)}
    return [_review_read(review, profiles.get(review.reviewer_id)) for review in reviews]


def someone(person_id: UUID, profile: Profile | None) -> Someone:
    """Return a person; without a profile (erased) only the id is left."""
    if profile is None:
        return Someone(id=person_id, handle=None, name=None)
    return Someone(id=person_id, handle=profile.handle, name=profile.name)


def asked_list(counts: Iterable[GroupCount]) -> list[Asked]:
    """Return groups and counts as the API writes them."""
    return [Asked(group=entry.group, count=entry.count) for entry in counts]


def _review_read(review: Review, profile: Profile | None) -> ReviewRead:
    return ReviewRead(
        reviewer=someone(review.reviewer_id, profile),
        time=to_text(review.created),
        decision=review.decision.value,
        meaning=review.meaning,
        reason=review.reason,
        groups=json.loads(review.groups),
        content_hash=review.content_hash,
    )
