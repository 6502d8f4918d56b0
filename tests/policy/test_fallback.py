import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from policy.bundles import read_bundle
from policy.decision import Document, Entrypoint, Evaluation
from policy.embedded import EmbeddedDecider
from policy.errors import DeciderFailedError, DeciderTimeoutError
from policy.fallback import RESTS_SECONDS, STEPPED_IN, FallbackDecider
from tests.patience import PATIENCE


@dataclass
class Scripted:
    revision: str
    error: Exception | None = None
    asked: int = 0
    name: str = "opa"

    async def evaluate(self, entrypoint: Entrypoint, document: Document) -> Evaluation:
        self.asked += 1
        if self.error:
            raise self.error
        return Evaluation({"from": "first"}, self.revision)

    async def ping(self) -> None:
        if self.error:
            raise self.error

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedDecider]:
    engine = EmbeddedDecider(decision_seconds=PATIENCE)
    yield engine
    asyncio.run(engine.close())


NOW = [0.0]


def both(first: Scripted, embedded: Any) -> FallbackDecider:
    NOW[0] = 0.0
    return FallbackDecider(first, embedded, clock=lambda: NOW[0])


async def ask(decider: FallbackDecider) -> Evaluation:
    return await decider.evaluate(Entrypoint.SCOPE, {})


async def test_the_first_answers_while_it_can(embedded: EmbeddedDecider) -> None:
    found = await ask(both(Scripted(embedded.revision), embedded))
    assert (found.result, found.engine) == ({"from": "first"}, "")


@pytest.mark.parametrize("error", [DeciderFailedError("gone"), DeciderTimeoutError("late")])
async def test_the_embedded_engine_steps_in_and_says_so(embedded: EmbeddedDecider, error: Exception) -> None:
    first = Scripted(embedded.revision, error)
    decider = both(first, embedded)
    found = await ask(decider)
    assert (found.engine, found.revision) == (STEPPED_IN, read_bundle().revision)
    await ask(decider)
    assert first.asked == 1, "it is left alone for two seconds"
    first.error, NOW[0] = None, RESTS_SECONDS
    assert (await ask(decider)).engine == ""


async def test_case_80_an_engine_on_another_revision_does_not_decide(embedded: EmbeddedDecider) -> None:
    first = Scripted("0" * 64)
    found = await ask(both(first, embedded))
    assert (found.engine, found.revision) == (STEPPED_IN, embedded.revision)


async def test_it_answers_as_long_as_one_of_the_two_does(embedded: EmbeddedDecider) -> None:
    await both(Scripted("", DeciderFailedError("gone")), embedded).ping()
