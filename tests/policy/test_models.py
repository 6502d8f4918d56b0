from collections.abc import Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, create_engine

from policy.models import Change, ChangeKind, ChangeState, Review, ReviewDecision

CHANGE, PERSON, REVIEWER = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


def a_change() -> Change:
    return Change(
        id=CHANGE,
        kind=ChangeKind.ACCESS,
        resource_type="route",
        resource_id=UUID(int=9),
        requester_id=PERSON,
        content="{}",
        content_hash="aa",
        state=ChangeState.PENDING,
        required="[]",
        policy_revision="r",
        created=1,
    )


def a_review(number: int) -> Review:
    return Review(
        id=UUID(int=number),
        change_id=CHANGE,
        reviewer_id=REVIEWER,
        decision=ReviewDecision.APPROVE,
        groups='["reviewer"]',
        meaning="approved",
        reason="fits",
        content_hash="aa",
        created=2,
    )


def test_states_are_stored_as_their_text(session: Session) -> None:
    session.add(a_change())
    session.flush()
    assert session.execute(sa.text("SELECT state, kind FROM change")).one() == ("pending", "access")


def test_the_database_refuses_a_second_review_of_one_person(session: Session) -> None:
    session.add(a_change())
    session.add(a_review(10))
    session.flush()
    session.add(a_review(11))
    with pytest.raises(IntegrityError):
        session.flush()


def test_the_database_refuses_an_unknown_state(session: Session) -> None:
    session.add(a_change())
    session.flush()
    with pytest.raises(IntegrityError):
        session.execute(sa.text("UPDATE change SET state = 'done'"))
