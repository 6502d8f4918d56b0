"""Ten thousand refusals, as fast as they come; ten minutes of them are `make soak NAME=flood`."""

import asyncio

import pytest

from tests.soak import flood

REFUSALS = 10_000
ENTRIES_A_MINUTE = 257 + flood.PEOPLE * len(flood.REASONS)


@pytest.mark.slow
def test_a_flood_adds_few_entries_and_every_refusal_is_told_or_counted() -> None:
    found = asyncio.run(flood.flood(refusals=REFUSALS))
    assert found.refusals > REFUSALS
    assert found.told + found.counted == found.refusals
    assert found.entries <= found.minutes * ENTRIES_A_MINUTE
    assert found.told <= found.minutes * flood.PEOPLE * len(flood.REASONS) * 20
