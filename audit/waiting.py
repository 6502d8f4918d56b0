"""Resting between two rounds of a loop, so that stopping never waits for the rest to end."""

import asyncio
import contextlib


async def rest(stop: asyncio.Event, seconds: float) -> None:
    """Return when ``stop`` is set, or after ``seconds``."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
