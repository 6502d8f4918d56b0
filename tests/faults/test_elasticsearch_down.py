"""Elasticsearch down while events are appended; the full size is `make soak NAME=elasticsearch-down`."""

from pathlib import Path
from uuid import uuid4

import pytest

from console.clock import system_clock
from tests.faults.elasticsearch_down import append_while_down
from tests.real.elasticsearch import ElasticsearchServer

pytestmark = pytest.mark.slow

EVENTS = 100_000
MORE_MEMORY = 60.0


async def test_100000_events_are_appended_and_then_shipped(
    elasticsearch: ElasticsearchServer, tmp_path: Path
) -> None:
    outage = await append_while_down(tmp_path, elasticsearch, EVENTS, f"down-{uuid4()}", system_clock)
    assert outage.appended == EVENTS + 5_001
    assert (outage.shipped_meanwhile, bool(outage.error)) == (0, True)
    assert outage.counted.exact
    assert outage.compared.exact
    assert outage.rss_most - outage.rss_before < MORE_MEMORY
