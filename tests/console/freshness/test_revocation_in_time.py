"""The soak of revocations at the size of every run: a right that has ended is refused within five seconds."""

from pathlib import Path

import pytest

from tests.soak.revocation import MOST_SECONDS, PATHS, measure_paths

pytestmark = pytest.mark.slow
TRIALS = 5


async def test_a_right_that_has_ended_is_refused_everywhere_in_time(tmp_path: Path) -> None:
    found = await measure_paths(tmp_path, TRIALS)
    assert len(found) == sum(len(path.surfaces) for path in PATHS.values())
    assert {what: max(seconds) for what, seconds in found.items() if max(seconds) > MOST_SECONDS} == {}
