"""A kind of change that nobody owns but this test: what registering one gives, and what it takes."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from console import areas  # noqa: F401 - registers every kind
from console.changes import kinds
from console.changes.asking import authorize_asking, propose
from console.changes.deciding import review_change
from console.changes.forms import ReviewCreate
from console.changes.kinds import Kind, Objection, Subject, known_kinds, register
from console.changes.queries import list_changes, read_change
from console.errors import ConflictError, NotFoundError, RefusedError
from policy.bundles import read_bundle
from policy.models import ChangeKind, ReviewDecision

pytestmark = pytest.mark.slow  # builds an installation


@pytest.fixture
def done() -> Iterator[list[str]]:
    """Register a kind under a name that has rules and no owner here; return what it has carried out."""
    done: list[str] = []
    before = dict(kinds._KINDS)

    async def check(_services: Any, _session: Any, content: Any) -> Objection | None:
        return Objection("no", "It cannot be done.") if content["thing"] == "impossible" else None

    async def nothing(*_: Any) -> Sequence[Any]:
        return ()

    async def execute(_work: Any, _session: Any, found: Any, _now: int) -> Sequence[Any]:
        done.append(found.content["thing"])
        return ()

    register(
        Kind(
            ChangeKind.ERASURE,
            lambda content: f"Do {content['thing']}",
            check,
            nothing,
            execute,
            lambda content: frozenset(UUID(one) for one in content["about"]),
        )
    )
    yield done
    kinds._KINDS.clear()
    kinds._KINDS.update(before)


async def ask(work_as: Any, thing: str, about: Sequence[str] = ()) -> Any:
    work = await work_as("admin")
    await authorize_asking(work, ChangeKind.ERASURE)
    subject = Subject("thing", uuid7(), {"thing": thing, "about": list(about)})
    return await propose(work, ChangeKind.ERASURE, subject, "Because of case 4711")


def answer(change: Any) -> ReviewCreate:
    return ReviewCreate(
        decision=ReviewDecision.APPROVE, meaning="I have looked", content_hash=change.content_hash
    )


async def test_a_registered_kind_is_asked_listed_answered_and_carried_out(
    done: list[str], work_as: Any
) -> None:
    change = await ask(work_as, "something")
    listed = await list_changes(await work_as("reviewer"))
    assert [item.sentence for item in listed.items] == ["Do something"]
    detail = await read_change(await work_as("reviewer"), change.id)
    assert (detail.why, detail.due is None, detail.asked) == (["kind:erasure"], False, True)
    reviewed = await review_change(await work_as("reviewer", stepped_up=True), change.id, answer(change))
    assert (reviewed.state, done) == ("approved", ["something"])


async def test_what_it_objects_to_is_not_asked_for(done: list[str], work_as: Any) -> None:
    with pytest.raises(ConflictError, match="cannot be done"):
        await ask(work_as, "impossible")
    assert done == []


async def test_whom_it_is_about_does_not_answer(done: list[str], work_as: Any, people: Any) -> None:
    change = await ask(work_as, "something", [str(people["reviewer"].id)])
    with pytest.raises(RefusedError) as refused:
        await review_change(await work_as("reviewer", stepped_up=True), change.id, answer(change))
    assert (refused.value.reasons, done) == (("party_may_not_decide",), [])


def test_a_kind_without_an_owner_is_not_there() -> None:
    with pytest.raises(NotFoundError):
        kinds.kind_of(ChangeKind.ALARM)


def test_every_registered_kind_has_rules_and_every_rule_somebody_who_answers() -> None:
    rules = read_bundle().files["data.json"]
    missing = [kind.value for kind in known_kinds() if f'"{kind.value}": {{"asks"' not in rules]
    assert missing == []
