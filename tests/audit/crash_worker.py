"""A worker that tells of each step, to be killed after any of them; it works until nothing is left."""

from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from audit.checkpoints.checkpoint import FileSigner
from audit.lease import FileLease
from audit.sequencer import hold_log
from console import runtime
from tests.audit.log_store import ORIGIN, Store

Act = Callable[..., Awaitable[Any]]


def work(folder: Path, told: Connection) -> None:
    """Work on the store in `folder`."""
    runtime.run(_work(folder, told))


async def _work(folder: Path, told: Connection) -> None:
    store = await Store.open(folder)
    store.signer = FileSigner.load_or_create(folder / "log.key", ORIGIN)
    log = store.log()
    checkpointer = store.checkpointer(log, remembers=True)
    async with hold_log(FileLease(folder / "log.lease"), log):
        sequencer: Any = store.sequencer(log, checkpointer)
        for holder, step in (
            (sequencer, "_take_outbox"),
            (log, "append"),
            (sequencer, "_clear_outbox"),
            (checkpointer, "sign"),
        ):
            setattr(holder, step, _telling(step, getattr(holder, step), told))
        while await sequencer.run_once():
            pass
    await store.close()


def _telling(step: str, act: Act, told: Connection) -> Act:
    async def tell(*given: object, **named: object) -> object:
        found = await act(*given, **named)
        told.send(step)
        return found

    return tell
