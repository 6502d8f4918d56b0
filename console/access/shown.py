"""Requests and reviews as people are shown them: names come from the erasable profiles."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from console.access.facts import RequestFacts
from console.access.forms import RequestItem
from console.changes.asked import Answers
from console.changes.forms import Asked, Someone
from console.changes.shown import asked_list, people_by_id, someone
from console.changes.states import state_at
from console.clock import to_text
from policy.approvals import missing
from policy.changes import approvals
from policy.models import Change, ChangeState
from policy.plan import read_group_counts
from sso.models import Profile


def receiving_person(change: Change) -> UUID | None:
    """Return the one person that a request is for, where it is for one."""
    person = json.loads(change.content).get("person")
    return UUID(person["id"]) if person else None


async def receiving_people(session: AsyncSession, changes: Sequence[Change]) -> Mapping[UUID, Someone]:
    """Return the people that requests are for, by id."""
    return await people_by_id(session, [one for one in map(receiving_person, changes) if one])


def request_item(
    change: Change, requester: Profile | None, mine: Answers, now: int, people: Mapping[UUID, Someone]
) -> RequestItem:
    """Return a request as a list shows it: what was asked, not what the model is by now."""
    content: dict[str, Any] = json.loads(change.content)
    person = receiving_person(change)
    required = read_group_counts(json.loads(change.required))
    state, owner = state_at(change, now), content["route"]["team"]
    return RequestItem(
        id=change.id,
        state=state.value,
        route=content["route"]["name"],
        title=content["title"],
        owner_team=owner,
        team=content["team"],
        service=content.get("service", {}).get("name"),
        person=people[person] if person else None,
        tier=content["tier"],
        data_class=content["data_class"],
        purpose=content["purpose"],
        duration_days=content["duration_days"],
        requester=someone(change.requester_id, requester),
        created=to_text(change.created),
        decided=to_text(change.decided) if change.decided else None,
        required=asked_list(required),
        grant_id=change.grant_id,
        due=to_text(change.due) if change.due and state is ChangeState.PENDING else None,
        automatic=change.automatic,
        asked=state is ChangeState.PENDING and mine.awaited(change, owner, now),
    )


def missing_now(found: RequestFacts, now: int) -> list[Asked]:
    """Return whose approvals a pending request still lacks; nothing for a decided one."""
    facts = found.for_rules(now)
    if facts.state is not ChangeState.PENDING:
        return []
    return asked_list(missing(found.required, approvals(facts)))
