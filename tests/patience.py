"""How long tests wait.

What must only happen gets PATIENCE: on a busy machine a test that waits is slow, not red. What is promised in
seconds is measured in beats: a beat that comes late, because nobody let this process run, counts once.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

PATIENCE = 60.0
BEAT_SECONDS = 0.05


def eventually(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Return whether it holds before `seconds` are over; between looks the core is free for others."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(BEAT_SECONDS)
    return condition()


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Raise TimeoutError after `seconds` in which this event loop could run."""
    async with asyncio.timeout(None) as limit:
        beating = asyncio.create_task(_beat(seconds, limit))
        try:
            yield
        finally:
            beating.cancel()


async def _beat(seconds: float, limit: asyncio.Timeout) -> None:
    for _ in range(round(seconds / BEAT_SECONDS)):
        await asyncio.sleep(BEAT_SECONDS)
    limit.reschedule(asyncio.get_running_loop().time())
