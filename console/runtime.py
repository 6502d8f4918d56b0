"""How a process that serves runs: on libuv's event loop, and on memory that is used again.

libuv's loop (uvloop) does in C what asyncio's own does in Python. Windows has no such loop and keeps its
own.
"""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from audit.memory import keep_freed_memory

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on a new loop, and return what it returns; as `asyncio.run` does."""
    keep_freed_memory()  # before there is a second thread
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def keep_what_stands() -> None:
    """Tell the collector that whatever is there now stays: once a process has started, before it serves.

    Its code and tables are a quarter of a million objects, and no garbage. To look through them, which takes
    an eighth of a second in which nobody is answered, every full collection would have to.
    """
    gc.collect()
    gc.freeze()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - not there on Windows

    return uvloop.new_event_loop
