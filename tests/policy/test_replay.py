"""Replay says of every past decision what the candidate would: the same as asking it one by one."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

import policy.replay
from policy.bundles import Bundle, read_bundle, revise
from policy.decide import decide
from policy.decision import Decision, PolicyUnavailable, Query
from policy.embedded import EmbeddedDecider
from policy.errors import BundleError
from policy.replay import Past, Replayer, replay
from tests.patience import PATIENCE
from tests.policy.past import candidate, past_of, queries

pytestmark = pytest.mark.slow

COUNT = 1_500


async def one_by_one(bundle: Bundle, asked: list[Query]) -> list[Decision]:
    decider = EmbeddedDecider(bundle, decision_seconds=PATIENCE)
    found = [await decide(decider, query, active_revision=bundle.revision, deadline=60) for query in asked]
    await decider.close()
    return found


def pasts_of(asked: list[Query]) -> list[Past]:
    before = asyncio.run(one_by_one(read_bundle(), asked))
    return [
        past_of(number, query, decision.allow, decision.reasons)
        for number, (query, decision) in enumerate(zip(asked, before, strict=True))
    ]


@pytest.mark.slow
def test_the_flips_are_exactly_those_of_brute_force() -> None:
    asked = list(queries(COUNT))
    pasts, after = pasts_of(asked), asyncio.run(one_by_one(candidate(), asked))
    expected = [
        (past.entry, decision.allow, decision.reasons)
        for past, decision in zip(pasts, after, strict=True)
        if (past.allow, past.reasons) != (decision.allow, decision.reasons)
    ]
    found = [
        (one.past.entry, one.decision.allow, one.decision.reasons)
        for one in replay(candidate(), pasts)
        if one.flipped
    ]
    assert found == expected
    assert len({(allow, reasons) for _, allow, reasons in expected}) > 3


def test_the_bundle_that_decided_flips_nothing() -> None:
    pasts = pasts_of(list(queries(60)))
    again = list(replay(read_bundle(), [*pasts, *pasts]))
    assert [one.past for one in again] == [*pasts, *pasts]
    assert [one for one in again if one.flipped] == []


def broken(text: str) -> Bundle:
    files = dict(read_bundle().files)
    name = "guildhall/authz/decision.rego"
    files[name] = files[name].replace("default allow := false", f"default allow := false\n\n{text}")
    return Bundle(files, revise(files))


def test_a_question_that_breaks_the_candidate_is_undecided_and_the_others_are_not() -> None:
    """An endless sum, for one person alone: everybody else still gets an answer."""
    asked = list(queries(20))
    victim = asked[7].subject["id"]
    slow = broken(
        f'endless if {{\n\tinput.subject.id == "{victim}"\n\tsum(numbers.range(1, 30000000)) > 0\n}}\n\n'
        "allow if endless"
    )
    others = [query for query in asked if query.subject["id"] != victim][:10]
    pasts = pasts_of([*others, asked[7]])
    found = list(replay(slow, pasts, processes=1))
    assert isinstance(found[-1].decision, PolicyUnavailable)
    assert [one for one in found[:-1] if one.flipped] == []


def test_a_candidate_that_breaks_at_everything_is_given_up() -> None:
    endless = broken("allow if sum(numbers.range(1, 30000000)) > 0")
    with pytest.raises(BundleError):
        list(replay(endless, pasts_of(list(queries(20))), processes=1))


def test_once_given_up_every_further_question_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads share the engines: one that asks after the candidate was given up may meet a dead one."""
    monkeypatch.setattr(policy.replay, "BATCH_SECONDS", 0.2)
    monkeypatch.setattr(policy.replay, "ALONE_SECONDS", 0.2)
    endless = broken("allow if sum(numbers.range(1, 30000000)) > 0")
    with contextlib.closing(Replayer(endless, processes=2)) as replayer:
        pasts = pasts_of(list(queries(20)))
        for _ in range(3):
            with pytest.raises(BundleError, match="too often"):
                replayer.again(pasts)


def test_what_no_engine_could_be_given_stays_undecided() -> None:
    (past,) = pasts_of(list(queries(1)))
    odd = replace(past, document={**past.document, "context": {"now": 1.5}})
    (one,) = replay(read_bundle(), [odd])
    assert isinstance(one.decision, PolicyUnavailable)
