"""Room comes back when details go; the full size is `make soak NAME=prune-space`."""

from pathlib import Path

import pytest

from tests.soak.prune_space import prune

pytestmark = pytest.mark.slow


async def test_nine_tenths_removed_make_the_file_smaller_and_everything_verifies(tmp_path: Path) -> None:
    done = await prune(tmp_path, 5_000)
    assert done.faults == 0
    assert (done.removed, done.held) == (4_410, 90)
    assert done.after < 0.75 * done.before
