"""Copies of the key store bring a lost store back for thirty days, and nobody who was erased."""

from pathlib import Path

import pytest
from uuid_utils.compat import uuid7

from audit.errors import KeyBackupError, UnknownSubjectError
from audit.subjects.key_backup import list_backups, prune_backups, restore_backup, write_backup
from audit.subjects.subject_keys import KeyStore
from tests.audit.log_store import KEK, START, Store, migrate

DAY = 86_400_000_000


@pytest.fixture
async def lost(store: Store, tmp_path: Path) -> KeyStore:
    """An empty store in the place of one that was lost."""
    keys = KeyStore(f"sqlite+aiosqlite:///{tmp_path}/another.db", KEK, store.clock)
    await migrate(keys.engine, "keys")
    return keys


async def test_a_copy_brings_every_key_back(store: Store, lost: KeyStore, tmp_path: Path) -> None:
    owner, subjects = uuid7(), [None, uuid7()]
    await store.keys.claim(owner)
    ring = await store.keys.ensure(subjects)
    path = await write_backup(store.keys, tmp_path / "backups", START)
    assert path.name == "subject-20270115T080000Z.db"
    assert path.stat().st_mode & 0o777 == 0o600
    assert await restore_backup(lost, path, START + 30 * DAY) == 2
    assert await lost.owner() == owner
    assert [await lost.find(one) for one in subjects] == [ring.key_for(one) for one in subjects]
    await lost.close()


async def test_a_copy_brings_nobody_back_into_a_store_that_erased_them(store: Store, tmp_path: Path) -> None:
    subject = uuid7()
    await store.keys.ensure([subject])
    path = await write_backup(store.keys, tmp_path / "backups", START)
    await store.keys.destroy({subject: START})
    await restore_backup(store.keys, path, START)
    with pytest.raises(UnknownSubjectError):
        await store.keys.find(subject)


async def test_a_copy_that_is_too_old_foreign_or_none_is_not_taken_back(
    store: Store, lost: KeyStore, tmp_path: Path
) -> None:
    await store.keys.claim(uuid7())
    path = await write_backup(store.keys, tmp_path / "backups", START)
    with pytest.raises(KeyBackupError, match="older than 30 days"):
        await restore_backup(lost, path, START + 30 * DAY + 1)
    await lost.claim(uuid7())
    with pytest.raises(KeyBackupError, match="another installation"):
        await restore_backup(lost, path, START)
    for content in (b"", b"nothing of ours"):
        path.write_bytes(content)
        with pytest.raises(KeyBackupError, match="no copy"):
            await restore_backup(lost, path, START)
    with pytest.raises(KeyBackupError, match="no file"):
        await restore_backup(lost, tmp_path / "absent", START)
    await lost.close()


async def test_only_copies_of_ours_that_are_too_old_are_deleted(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    assert prune_backups(folder, START) == []
    for days in (0, 1, 2):
        await write_backup(store.keys, folder, START + days * DAY)
    (folder / "subject-of-a-letter.db").touch()
    old, *kept = [path for path, _ in list_backups(folder)]
    assert prune_backups(folder, START + 31 * DAY) == [old]
    assert [path for path, _ in list_backups(folder)] == kept
    assert (folder / "subject-of-a-letter.db").exists()
