"""History is kept for ever: a row's state holds references, codes and names of things, never free text."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import SQLModel

from console.models import Cluster, DataClass, Model, Route, Tier, Version, Visibility
from console.unexplained.kinds import kinds
from policy.models import Change, ChangeKind, ChangeState, Grant, PrincipalType, Review, ReviewDecision
from sso.models import Identity

WORDS = "Ask Zoe at home"
ID = UUID(int=1)
ROWS: Mapping[str, SQLModel] = {
    "model": Model(
        id=ID,
        team_id=ID,
        namespace="risk",
        name="churn",
        title=WORDS,
        summary=WORDS,
        task=WORDS,
        purpose=WORDS,
        card=WORDS,
        visibility=Visibility.LISTED,
        tier=Tier.LOW,
        data_class=DataClass.INTERNAL,
        created=1,
    ),
    "version": Version(
        id=ID, model_id=ID, label="1", evidence_kind="declared", evidence=WORDS, card=WORDS, created=1
    ),
    "route": Route(id=ID, name="risk.churn", model_id=ID, created=1, stop_reason=WORDS),
    "cluster": Cluster(id=ID, name="main", kind="v2", url="http://127.0.0.1:1", state="new", created=1),
    "identity": Identity(id=ID, issuer="https://idp.example", subject=WORDS, person_id=ID),
    "review": Review(
        id=ID,
        change_id=ID,
        reviewer_id=ID,
        decision=ReviewDecision.APPROVE,
        groups="[]",
        meaning=WORDS,
        reason=WORDS,
        content_hash="a",
        created=1,
    ),
    "access_grant": Grant(
        id=ID,
        principal_type=PrincipalType.TEAM,
        principal_id=ID,
        permission="model.invoke",
        resource_type="route",
        resource_id=ID,
        change_id=ID,
        starts=1,
        ends=2,
        revoke_reason=WORDS,
    ),
    "change": Change(
        id=ID,
        kind=ChangeKind.ACCESS,
        resource_type="route",
        resource_id=ID,
        requester_id=ID,
        content=WORDS,
        content_hash="a",
        required="[]",
        policy_revision="a",
        state=ChangeState.PENDING,
        created=1,
    ),
}


@pytest.mark.parametrize("kind", ROWS)
def test_no_free_text_and_no_subject_is_in_a_state(kind: str) -> None:
    [told] = [one for one in kinds(bytes(32)) if one.name == kind]
    state: Mapping[str, Any] = told.state(ROWS[kind]).state or {}
    assert state
    assert WORDS not in str(state)
