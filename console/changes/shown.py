"""People and their answers as they are shown: names come from the erasable profiles."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from console.changes.forms import Asked, ReviewRead, Someone
from console.clock import to_text
from policy.decision import GroupCount
from policy.models import Change, Review
from sso.models import Profile


async def review_reads(session: AsyncSession, reviews: Sequence[Review]) -> list[ReviewRead]:
    """Return the answers in the order they were signed."""
    wanted = [one for review in reviews for one in (review.reviewer_id, review.stands_for) if one]
    query = select(Profile).where(col(Profile.person_id).in_(wanted))
    profiles = {profile.person_id: profile for profile in await session.exec(query)}
    return [_review_read(review, profiles) for review in reviews]


def someone(person_id: UUID, profile: Profile | None) -> Someone:
    """Return a person; without a profile (erased) only the id is left."""
    if profile is None:
        return Someone(id=person_id, handle=None, name=None)
    return Someone(id=person_id, handle=profile.handle, name=profile.name)


async def people_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Someone]:
    """Return people as they are shown, by id."""
    profiles = {
        one.person_id: one
        for one in await session.exec(select(Profile).where(col(Profile.person_id).in_(set(ids))))
    }
    return {person: someone(person, profiles.get(person)) for person in ids}


def asked_list(counts: Iterable[GroupCount]) -> list[Asked]:
    """Return groups and counts as the API writes them."""
    return [Asked(group=entry.group, count=entry.count) for entry in counts]


def told_plan(change: Change, *, overdue: bool) -> dict[str, Any]:
    """Return what a plan says beside whom it asks: why, who else may answer, and whether they may now."""
    return {"why": json.loads(change.why), "further": json.loads(change.further), "overdue": overdue}


def _review_read(review: Review, profiles: Mapping[UUID, Profile]) -> ReviewRead:
    stands_for = review.stands_for
    return ReviewRead(
        reviewer=someone(review.reviewer_id, profiles.get(review.reviewer_id)),
        stands_for=someone(stands_for, profiles.get(stands_for)) if stands_for else None,
        time=to_text(review.created),
        decision=review.decision.value,
        meaning=review.meaning,
        reason=review.reason,
        groups=json.loads(review.groups),
        content_hash=review.content_hash,
    )
