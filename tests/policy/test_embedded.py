import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from policy.bundles import Bundle, read_bundle, revise
from policy.decision import Entrypoint, Evaluation
from policy.embedded import EmbeddedDecider
from policy.errors import DeciderFailedError, DeciderTimeoutError, PolicyError
from tests.patience import PATIENCE

PATIENT = dict.fromkeys(("decision_seconds", "load_seconds", "queue_seconds"), PATIENCE)
"""A busy machine is nobody's test."""
ECHO = {
    "decision.rego": "package guildhall.authz\n\ndecision := input.id\n",
    "plan.rego": "package guildhall.approval\n\nplan := input.id\n",
    "scope.rego": "package guildhall.list\n\nscope := input.id\n",
}


@pytest_asyncio.fixture
async def decider() -> AsyncIterator[EmbeddedDecider]:
    decider = EmbeddedDecider(Bundle(ECHO, revise(ECHO)), **PATIENT)
    yield decider
    await decider.close()


async def test_the_process_starts_with_the_first_question(decider: EmbeddedDecider) -> None:
    assert decider.pid is None
    await decider.ping()
    assert decider.pid is not None


async def test_case_76_answers_of_many_tasks_are_never_crossed(decider: EmbeddedDecider) -> None:
    async def ask(number: int) -> Evaluation:
        return await decider.evaluate(Entrypoint.DECISION, {"id": f"person-{number}"})

    answers = await asyncio.gather(*(ask(number) for number in range(200)))
    assert [answer.result for answer in answers] == [f"person-{number}" for number in range(200)]
    assert {answer.revision for answer in answers} == {decider.bundle.revision}


async def test_a_caller_that_gives_up_leaves_the_next_answer_whole(decider: EmbeddedDecider) -> None:
    for number in range(20):
        asked = asyncio.ensure_future(decider.evaluate(Entrypoint.DECISION, {"id": "gone"}))
        await asyncio.sleep(0)
        asked.cancel()
        answer = await decider.evaluate(Entrypoint.DECISION, {"id": number})
        assert answer.result == number


async def test_a_killed_process_is_replaced(decider: EmbeddedDecider) -> None:
    await decider.ping()
    first = decider.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    answers: list[object] = []
    for _ in range(3):
        try:
            answers.append((await decider.evaluate(Entrypoint.DECISION, {"id": 1})).result)
        except DeciderFailedError:
            continue
    assert set(answers) == {1}
    assert decider.pid not in {first, None}


async def test_a_stuck_process_is_a_timeout_and_then_replaced(decider: EmbeddedDecider) -> None:
    await decider.ping()
    assert decider.pid is not None
    assert decider._evaluator is not None
    decider._evaluator._decision_seconds = 0.2
    os.kill(decider.pid, signal.SIGSTOP)
    with pytest.raises(DeciderTimeoutError):
        await decider.evaluate(Entrypoint.DECISION, {"id": 1})
    assert (await decider.evaluate(Entrypoint.DECISION, {"id": 2})).result == 2


async def test_whoever_waits_too_long_is_told_so() -> None:
    decider = EmbeddedDecider(Bundle(ECHO, revise(ECHO)), queue_seconds=0)
    with pytest.raises(DeciderTimeoutError):
        await decider.evaluate(Entrypoint.DECISION, {"id": 1})
    await decider.close()


async def test_a_closed_decider_refuses() -> None:
    decider = EmbeddedDecider(read_bundle(), **PATIENT)
    await decider.ping()
    await decider.close()
    await decider.close()
    with pytest.raises(DeciderFailedError):
        await decider.ping()


async def test_a_bundle_that_does_not_compile_is_an_error_each_time() -> None:
    files = {"x.rego": "package"}
    decider = EmbeddedDecider(Bundle(files, revise(files)), **PATIENT)
    for _ in range(2):
        with pytest.raises(PolicyError):
            await decider.ping()
    await decider.close()


def test_it_serves_one_event_loop_after_another() -> None:
    decider = EmbeddedDecider(Bundle(ECHO, revise(ECHO)), **PATIENT)

    async def ask(number: int) -> object:
        return (await decider.evaluate(Entrypoint.DECISION, {"id": number})).result

    assert [asyncio.run(ask(number)) for number in range(3)] == [0, 1, 2]
    asyncio.run(decider.close())
