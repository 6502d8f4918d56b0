"""The write-ahead log of SQLite edited: what was in it is gone, and nothing is signed without it."""

import shutil
from pathlib import Path

import pytest

from audit.checkpoints.last_signed import ForkRefusedError
from audit.reader import LogReader
from tests.audit.exports import grow
from tests.audit.log_store import Store
from tests.audit.tamper.scene import SIZE, Scene

pytestmark = pytest.mark.slow

MORE = 100


async def copy_with_an_edited_wal(scene: Scene, folder: Path, place: float) -> Store:
    """Grow and sign, take the files as they are while they are open, and change a byte of the WAL."""
    log = scene.store.log()
    await log.take_epoch()
    await grow(scene.store, log, MORE, remembers=True)
    shutil.copytree(scene.store.folder, folder)
    wal = folder / "log.db-wal"
    data = bytearray(wal.read_bytes())
    data[int(len(data) * place)] ^= 1
    wal.write_bytes(data)
    store = Store.at(folder)
    store.signer = scene.store.signer
    return store


async def test_an_edited_wal_loses_its_entries_and_the_worker_refuses_to_sign_without_them(
    scene: Scene, tmp_path: Path
) -> None:
    store = await copy_with_an_edited_wal(scene, tmp_path / "edited", 0.3)
    assert await LogReader(store.engine).size() == SIZE  # SQLite stops at the frame that does not check
    log = store.log()
    await log.take_epoch()
    with pytest.raises(ForkRefusedError, match="were signed"):
        await store.checkpointer(log, remembers=True).sign(store.clock())
    await store.close()


async def test_a_wal_that_nobody_edited_is_read_whole(scene: Scene, tmp_path: Path) -> None:
    log = scene.store.log()
    await log.take_epoch()
    await grow(scene.store, log, MORE, remembers=True)
    shutil.copytree(scene.store.folder, tmp_path / "copy")
    store = Store.at(tmp_path / "copy")
    assert await LogReader(store.engine).size() == SIZE + MORE
    await store.close()
