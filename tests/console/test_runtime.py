"""Whatever serves runs on libuv's loop and says what its main part returned or raised."""

import asyncio
import gc
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


def test_what_stands_at_the_start_is_not_looked_through_again() -> None:
    before = len(gc.get_objects())
    try:
        runtime.keep_what_stands()
        assert gc.get_freeze_count() > before * 0.9
        assert len(gc.get_objects()) < before * 0.1
    finally:
        gc.unfreeze()  # the tests go on, and leave garbage
