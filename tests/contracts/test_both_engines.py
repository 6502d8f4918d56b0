"""The embedded engine and a real OPA answer 10,000 generated questions alike; a soak takes a million."""

import pytest

from tests.real.missing import require
from tests.real.opa import OpaServer
from tests.soak.policy_differential import batching_opa, compare

QUESTIONS = 10_000


@pytest.mark.real
@pytest.mark.timeout(900)
def test_both_engines_answer_generated_questions_alike(pytestconfig: pytest.Config) -> None:
    require(pytestconfig, OpaServer())
    with batching_opa() as url:
        found = compare(url, QUESTIONS, seed=20260504)
    assert found.examples == []
    assert (found.decisions, found.differing) == (QUESTIONS, 0)
    assert QUESTIONS // 50 < found.allowed < QUESTIONS
