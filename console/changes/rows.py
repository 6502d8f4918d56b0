"""The canonical rows of changes and reviews: ids, hashes and codes only, never free text."""

import json

from console.work import Row
from policy.models import Change, Delegation, Review


def change_row(change: Change, now: int) -> Row:
    """Return where a change stands; what it says is bound by its hash."""
    state = {
        "kind": change.kind.value,
        "resource_type": change.resource_type,
        "resource_id": str(change.resource_id),
        "team_id": str(change.team_id) if change.team_id else None,
        "requester_id": str(change.requester_id),
        "content_hash": change.content_hash,
        "state": change.state.value,
        "required": json.loads(change.required),
        "policy_revision": change.policy_revision,
        "grant_id": str(change.grant_id) if change.grant_id else None,
    }
    # Changes of before there were clocks keep the state that history holds of them.
    if change.due is not None:
        state |= {"due": change.due, "further": json.loads(change.further)}
    if change.automatic:
        state["automatic"] = True
    return Row("change", change.id, state, now)


def review_row(review: Review) -> Row:
    """Return one answer and the groups it counted for."""
    state = {
        "change_id": str(review.change_id),
        "reviewer_id": str(review.reviewer_id),
        "decision": review.decision.value,
        "groups": json.loads(review.groups),
        "content_hash": review.content_hash,
    }
    if review.stands_for is not None:
        state["stands_for"] = str(review.stands_for)
    return Row("review", review.id, state, review.created)


def delegation_row(delegation: Delegation, now: int, *, gone: bool = False) -> Row:
    """Return who lets whom answer for them, and whether the deputy has accepted; or its end."""
    state = {
        "person_id": str(delegation.person_id),
        "deputy_id": str(delegation.deputy_id) if delegation.deputy_id else None,
        "away": delegation.away,
        "starts": delegation.starts,
        "ends": delegation.ends,
        "accepted": delegation.accepted,
    }
    return Row("delegation", delegation.id, None if gone else state, now)
