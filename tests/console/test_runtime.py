"""Whatever serves runs on libuv's loop and says what its main part returned or raised."""

import asyncio
import subprocess
import sys

import pytest
import uvloop

from console import runtime


async def the_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such loop")
def test_it_is_libuv_s_loop_and_a_new_one_each_time() -> None:
    first, second = runtime.run(the_loop()), runtime.run(the_loop())
    assert isinstance(first, uvloop.Loop)
    assert first is not second
    assert first.is_closed()


def test_what_goes_wrong_inside_is_raised() -> None:
    async def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        runtime.run(fail())


COUNTED = """
import gc
from console import runtime
garbage = [[]]
garbage[0].append(garbage)
del garbage
runtime.keep_what_stands()
print(gc.get_freeze_count(), len(gc.get_objects()), gc.collect())
"""


def test_what_stands_at_the_start_is_not_looked_through_again() -> None:
    """In a process of its own: in this one the tests leave garbage, and whatever is frozen stays."""
    ran = subprocess.run([sys.executable, "-c", COUNTED], capture_output=True, check=True, text=True)
    kept, looked_through, garbage = map(int, ran.stdout.split())
    assert kept > 10 * looked_through
    assert garbage == 0, "what was garbage at the start was let go before the rest was kept"
