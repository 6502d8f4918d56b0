"""kill -9 of the whole product with real Elasticsearch; the full size is `make soak NAME=kill-everything`."""

from pathlib import Path

import pytest

from tests.faults.everything import kill_everything

pytestmark = [pytest.mark.journey, pytest.mark.slow]

KILLS = 10


async def test_cluster_log_and_elasticsearch_agree_after_10_kills(
    elasticsearch_url: str, tmp_path: Path
) -> None:
    after = await kill_everything(tmp_path, elasticsearch_url, KILLS)
    assert (after.seen_unrecorded, after.answered_unrecorded, after.recorded_twice) == (0, 0, 0)
    assert after.counted.exact, after.counted
    assert after.compared.exact, after.compared
    assert after.seen >= after.answered >= KILLS
    assert after.unknown > 0  # some calls were cut off, or the kills met nothing
