"""A worker in a process of its own, to be stopped, continued and killed.

`python -m tests.audit.faults.worker_process FOLDER [URL]` tells of what it signs in FOLDER/told.NAME, where
NAME is its process id, and "stale" when another worker has taken over. Like the product's worker, it asks now
and then whether the log is still its own, so that it ends even when nothing waits.
"""

import asyncio
import os
import signal
import sys
from asyncio import TaskGroup
from pathlib import Path

from audit.checkpoints.checkpoint import FileSigner
from audit.checkpoints.signing import Republishing
from audit.lease import LeaseTakenError, choose_lease
from audit.log import StaleEpochError
from audit.sequencer import hold_log
from console import runtime
from tests.audit.log_store import ORIGIN, Store
from tests.faults.injected.told import Told


async def work(folder: Path, url: str | None) -> str:
    """Work until told to end; return how it ended."""
    store, stop = Store.at(folder, url, url), asyncio.Event()
    store.signer = FileSigner.load_or_create(folder / "log.key", ORIGIN)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    log, told = store.log(), Told.open(folder / f"told.{os.getpid()}")
    checkpointer = store.checkpointer(log)
    signing = checkpointer.sign

    async def sign(now: int) -> object:
        made = await signing(now)
        if made is not None:
            told.tell(f"signed {made.size} {made.root.hex()}")
        return made

    checkpointer.sign = sign  # type: ignore[method-assign,assignment]
    end = "ended"
    try:
        async with hold_log(choose_lease(store.engine, folder / "log.lease"), log), TaskGroup() as group:
            told.tell("holds it")
            group.create_task(store.sequencer(log, checkpointer).run(stop))
            group.create_task(Republishing(checkpointer, store.clock, every=0.2).run(stop))
    except* StaleEpochError:
        end = "stale"
    except* LeaseTakenError:
        end = "taken"
    finally:
        await store.close()
    return end


async def main() -> None:
    """Read the arguments, work, tell the end."""
    folder = Path(sys.argv[1])
    end = await work(folder, sys.argv[2] if len(sys.argv) > 2 else None)
    Told.open(folder / f"told.{os.getpid()}").tell(f"end {end}")


if __name__ == "__main__":
    runtime.run(main())
