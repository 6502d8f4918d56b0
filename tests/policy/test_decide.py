import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from policy.decide import decide, plan, scope
from policy.decision import (
    UNDEFINED,
    Decider,
    Document,
    Entrypoint,
    Evaluation,
    GroupCount,
    PolicyUnavailable,
    Query,
)
from policy.errors import DeciderFailedError, DeciderTimeoutError, UndecidedError

REVISION = "active"
QUERY = Query(subject={"id": "p"}, action="model.read", resource={"type": "route"})
ALLOWED: dict[str, Any] = {
    "allow": True,
    "reasons": [],
    "missing": [],
    "obligations": [],
    "matched": ["visibility:listed"],
    "valid_until": 7,
}
REFUSED: dict[str, Any] = {
    "allow": False,
    "reasons": ["no_grant"],
    "missing": [{"group": "reviewer", "count": 1}],
    "obligations": [{"type": "step_up"}],
    "matched": [],
    "valid_until": None,
}


@dataclass
class Oracle:
    """A decider that says what it was given."""

    result: Any = None
    revision: str = REVISION
    error: Exception | None = None
    name: str = "oracle"
    asked: list[tuple[Entrypoint, Document]] = field(default_factory=list)

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        self.asked.append((entrypoint, document))
        if self.error is not None:
            raise self.error
        return Evaluation(self.result, self.revision)

    async def ping(self) -> None:
        return None

    async def close(self) -> None:
        return None


class Mute(Oracle):
    """A decider that never answers."""

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        await asyncio.Event().wait()
        return Evaluation(ALLOWED, REVISION)


async def test_an_allowed_answer_carries_what_it_rests_on() -> None:
    oracle: Decider = Oracle(ALLOWED)
    decision = await decide(oracle, QUERY, active_revision=REVISION)
    assert (decision.allow, decision.matched, decision.valid_until) == (True, ("visibility:listed",), 7)
    assert (decision.revision, decision.engine, decision.id.version) == (REVISION, "oracle", 7)


async def test_a_refusal_carries_its_reasons_and_is_no_unavailability() -> None:
    decision = await decide(Oracle(REFUSED), QUERY, active_revision=REVISION)
    assert (decision.allow, decision.reasons) == (False, ("no_grant",))
    assert decision.missing == (GroupCount("reviewer", 1),)
    assert decision.obligations == ({"type": "step_up"},)
    assert not isinstance(decision, PolicyUnavailable)


async def test_the_engine_is_asked_the_document_of_the_query() -> None:
    oracle = Oracle(ALLOWED)
    await decide(oracle, QUERY, active_revision=REVISION)
    assert oracle.asked == [(Entrypoint.DECISION, QUERY.document())]


@pytest.mark.parametrize(
    ("oracle", "code"),
    [
        (Oracle(UNDEFINED), "policy_undefined"),
        (Oracle(None), "policy_wrong_type"),
        (Oracle(True), "policy_wrong_type"),
        (Oracle("allow"), "policy_wrong_type"),
        (Oracle([ALLOWED]), "policy_wrong_type"),
        (Oracle({}), "policy_wrong_type"),
        (Oracle({"allow": True}), "policy_wrong_type"),
        (Oracle(ALLOWED, revision="older"), "policy_wrong_revision"),
        (Oracle(ALLOWED, revision=""), "policy_wrong_revision"),
        (Oracle(REFUSED, revision="older"), "policy_wrong_revision"),
        (Oracle(error=DeciderFailedError("gone")), "policy_error"),
        (Oracle(error=DeciderTimeoutError("slow")), "policy_timeout"),
        (Oracle(error=TimeoutError()), "policy_timeout"),
        (Oracle(error=RuntimeError("unforeseen")), "policy_error"),
    ],
)
async def test_case_77_whatever_is_wrong_with_the_answer_is_a_refusal(oracle: Oracle, code: str) -> None:
    decision = await decide(oracle, QUERY, active_revision=REVISION)
    assert isinstance(decision, PolicyUnavailable)
    assert (decision.allow, decision.reasons, decision.matched) == (False, (code,), ())


@pytest.mark.parametrize(
    "change",
    [
        {"allow": "true"},
        {"allow": 1},
        {"allow": None},
        {"allow": [True]},
        {"reasons": "no_grant"},
        {"reasons": [1]},
        {"reasons": ["no_grant"]},
        {"missing": [{"group": "reviewer"}]},
        {"missing": [{"group": "reviewer", "count": True}]},
        {"missing": [{"group": "reviewer", "count": 0}]},
        {"obligations": [{"type": "step_up"}]},
        {"obligations": ["step_up"]},
        {"matched": []},
        {"matched": None},
        {"valid_until": "7"},
        {"valid_until": 7.5},
        {"valid_until": True},
    ],
)
async def test_case_77_an_allowance_of_another_shape_is_a_refusal(change: dict[str, Any]) -> None:
    decision = await decide(Oracle({**ALLOWED, **change}), QUERY, active_revision=REVISION)
    assert (decision.allow, decision.reasons) == (False, ("policy_wrong_type",))


async def test_case_77_an_engine_that_never_answers_is_a_timeout() -> None:
    decision = await decide(Mute(), QUERY, active_revision=REVISION, deadline=0.01)
    assert (decision.allow, decision.reasons) == (False, ("policy_timeout",))


async def test_just_after_an_activation_the_revision_before_counts_and_is_named() -> None:
    oracle = Oracle(ALLOWED, revision="older")
    decision = await decide(oracle, QUERY, active_revision=REVISION, also="older")
    assert (decision.allow, decision.revision) == (True, "older")


@pytest.mark.parametrize("value", [1.5, "\ud800", 2**60])
async def test_a_document_that_engines_read_differently_is_never_sent(value: object) -> None:
    oracle = Oracle(ALLOWED)
    query = Query(subject={"id": value}, action="model.read", resource={})
    decision = await decide(oracle, query, active_revision=REVISION)
    assert (decision.allow, decision.reasons, oracle.asked) == (False, ("policy_error",), [])


async def test_a_plan_says_what_is_required_and_missing() -> None:
    both = [{"group": "owner:risk", "count": 1}, {"group": "reviewer", "count": 1}]
    oracle = Oracle({"required": both, "missing": both[1:], "why": ["tier:low"]})
    answer = await plan(oracle, {"id": "c"}, active_revision=REVISION)
    assert answer.required_document() == both
    assert (answer.missing, answer.why, answer.revision) == (
        (GroupCount("reviewer", 1),),
        ("tier:low",),
        REVISION,
    )


@pytest.mark.parametrize(
    ("oracle", "code"),
    [
        (Oracle(UNDEFINED), "policy_undefined"),
        (Oracle({"required": [], "missing": [], "why": []}), "policy_wrong_type"),
        (Oracle({"required": [{"group": "reviewer", "count": 1}]}), "policy_wrong_type"),
        (Oracle({}, revision="older"), "policy_wrong_revision"),
        (Oracle(error=DeciderTimeoutError("slow")), "policy_timeout"),
    ],
)
async def test_without_a_trustworthy_plan_there_is_none(oracle: Oracle, code: str) -> None:
    with pytest.raises(UndecidedError) as caught:
        await plan(oracle, {"id": "c"}, active_revision=REVISION)
    assert caught.value.code == code


async def test_a_scope_is_read() -> None:
    answer = await scope(Oracle({"any": [{"all": []}]}), QUERY, active_revision=REVISION)
    assert answer.alternatives == ((),)


@pytest.mark.parametrize(
    ("oracle", "code"),
    [
        (Oracle(UNDEFINED), "policy_undefined"),
        (Oracle({"any": [{}]}), "policy_wrong_type"),
        (Oracle({"any": []}, revision="older"), "policy_wrong_revision"),
        (Oracle(error=DeciderFailedError("gone")), "policy_error"),
    ],
)
async def test_without_a_trustworthy_scope_there_is_none(oracle: Oracle, code: str) -> None:
    with pytest.raises(UndecidedError) as caught:
        await scope(oracle, QUERY, active_revision=REVISION)
    assert caught.value.code == code
