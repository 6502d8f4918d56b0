"""The soak of revocations, at the size of every run: half of the refusals of each come within five seconds.

A busy machine may make one trial late; the soak, which has the machine for itself, lets none be.
"""

from pathlib import Path
from statistics import median

import pytest

from tests.soak.revocation import MOST_SECONDS, PATHS, measure_paths

pytestmark = pytest.mark.slow
TRIALS = 5


async def test_a_right_that_has_ended_is_refused_everywhere_in_time(tmp_path: Path) -> None:
    found = await measure_paths(tmp_path, TRIALS)
    assert len(found) == sum(len(path.surfaces) for path in PATHS.values())
    assert {what: median(seconds) for what, seconds in found.items() if median(seconds) > MOST_SECONDS} == {}
