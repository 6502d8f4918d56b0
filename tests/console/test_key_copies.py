"""What an operator does with the key store on the host."""

import pytest
import sqlalchemy as sa

from console.errors import SettingsError
from console.key_copies import begin_anew, copies_of, copy_keys, prune_copies, take_back
from console.services import Services
from console.settings import Settings


async def test_a_copy_is_made_taken_back_and_kept_for_a_while(services: Services, settings: Settings) -> None:
    path = await copy_keys(settings)
    assert path.parent == copies_of(settings)
    async with services.keys.engine.connect() as connection:
        kept = await connection.scalar(sa.select(sa.func.count()).select_from(sa.table("subject_key")))
    assert kept
    assert await take_back(settings, path) == kept
    assert prune_copies(settings) == []
    old = path.rename(path.with_name("subject-20200101T000000Z.db"))
    assert prune_copies(settings) == [old]


async def test_only_an_empty_store_begins_anew(services: Services, settings: Settings) -> None:
    with pytest.raises(SettingsError, match="Only an empty key store"):
        await begin_anew(settings)
    async with services.keys.engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM key_owner")
    await begin_anew(settings)
    assert await services.keys.owner() is not None
