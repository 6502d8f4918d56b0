"""The worker's side under fault injection: drains what waits into the log, signs, tells what it published.

`python -m tests.faults.injected.worker_side FOLDER`, on a folder that `scene.prepare` filled.
"""

import sys
from pathlib import Path

from audit.lease import FileLease
from audit.sequencer import Sequencer, hold_log
from console import runtime
from tests.audit.log_store import Store
from tests.faults.injected.scene import open_store
from tests.faults.injected.told import Told

PATIENCE = 20


async def work(folder: Path) -> None:
    """Work until nothing waits, or one thing keeps failing."""
    store = open_store(folder)
    log, told = store.log(), Told.open(folder / "told")
    try:
        async with hold_log(FileLease(folder / "log.lease"), log):
            sequencer = store.sequencer(log, store.checkpointer(log, remembers=True))
            await drain(sequencer, store, told)
    finally:
        await store.close()


async def drain(sequencer: Sequencer, store: Store, told: Told) -> None:
    """Run the worker's own pass, which waits outages out, and tell each checkpoint it remembers."""
    troubles = 0
    while troubles < PATIENCE:
        moved = await sequencer._try_once()
        if sequencer.trouble is None and not moved:
            return
        troubles += moved is None
        remembered = store.folder / "last-signed"
        if remembered.exists():
            _, size, root, *_ = remembered.read_text().split("\n")
            told.tell(f"signed {size} {root}")


if __name__ == "__main__":
    runtime.run(work(Path(sys.argv[1])))
