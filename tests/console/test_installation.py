"""A database belongs to one profile and one log for ever; an old or empty one does not start."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import select
from uuid_utils.compat import uuid7

from audit.checkpoints.checkpoint import FileSigner
from audit.errors import KeyStoreError
from audit.log import Log, genesis_record
from audit.subjects.keyring import new_key, wrap
from audit.subjects.subject_keys import KeyStore
from console.database import create_main_engine
from console.effective import record_settings
from console.errors import SettingsError
from console.installation import check_current, first_flags, migrate_all, require_current, stamp
from console.models import Installation
from console.services import Services, build
from console.settings import Settings, load_settings
from tests.audit.log_store import migrate
from tests.console.conftest import START
from tests.journeys.installed import reading_keys_only

ISSUERS = {"issuers": [{"url": "https://id.example"}]}


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    services = build(settings)
    try:
        yield services
    finally:
        await services.close()


def production(data: Path, **more: Any) -> Settings:
    return load_settings(data=data, profile="production", sign_in=ISSUERS, **more)


async def test_the_first_start_stamps_and_the_next_finds_the_stamp(settings: Settings) -> None:
    async with opened(settings) as services:
        first, again = await stamp(services), await stamp(services)
    assert first.installation_id == again.installation_id
    assert (first.profile, first.origin) == ("embedded", settings.audit.origin)


async def test_the_other_profile_is_refused_both_ways(settings: Settings, tmp_path: Path) -> None:
    async with opened(settings) as services:
        await stamp(services)
    async with opened(production(settings.data)) as services:
        with pytest.raises(SettingsError, match=r"profile is production, but .* made with embedded"):
            await stamp(services)
    other = production(tmp_path / "other")
    await migrate_all(other)
    async with opened(other) as services:
        await stamp(services)
    async with opened(load_settings(data=other.data)) as services:
        with pytest.raises(SettingsError, match=r"profile is embedded, but .* made with production"):
            await stamp(services)


async def test_another_log_is_refused(settings: Settings) -> None:
    async with opened(settings) as services:
        await stamp(services)
    moved = load_settings(data=settings.data, audit={"origin": "another.example/log"})
    async with opened(moved) as services:
        with pytest.raises(SettingsError, match=r"audit\.origin"):
            await stamp(services)


async def test_a_log_of_the_other_profile_is_refused_though_the_records_are_new(
    settings: Settings,
) -> None:
    async with opened(settings) as services:
        signer = FileSigner.load_or_create(settings.data / "keys" / "log.key", settings.audit.origin)
        genesis = genesis_record(profile="production", vkey=signer.vkey, now=START)
        await Log(services.log.engine).create(settings.audit.origin, genesis)
        assert await first_flags(services.log, "vkey:") == [signer.vkey]
        with pytest.raises(SettingsError, match=r"profile is embedded, but .* made with production"):
            await stamp(services)
        async with services.database.read() as session:
            assert (await session.exec(select(Installation))).all() == []


async def test_nothing_is_read_of_a_log_that_has_not_begun(settings: Settings) -> None:
    async with opened(settings) as services:
        assert await first_flags(services.log, "profile:") == []


async def test_an_empty_folder_is_not_current_until_it_is_migrated(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path / "new" / "var")
    assert not await check_current(settings)
    with pytest.raises(SettingsError, match="guildhall db upgrade"):
        await require_current(settings)
    await migrate_all(settings)
    await require_current(settings)


async def test_keys_of_an_older_installation_move_out_of_the_main_database(tmp_path: Path) -> None:
    settings, owner, kek = load_settings(data=tmp_path / "var"), uuid7(), bytes(32)
    settings.data.mkdir()
    key = new_key(uuid7())
    main = create_main_engine(settings.main_url)
    await migrate(main, "main", "main_0004")
    wrapped = wrap(kek, key)
    async with main.begin() as connection:
        await connection.execute(sa.insert(Installation).values(**_stamp_of(settings, owner)))
        await connection.exec_driver_sql(
            "INSERT INTO subject_key (key_id, subject, wrapped, created) VALUES (?, ?, ?, ?)",
            (key.key_id.hex, key.subject.hex if key.subject else "", wrapped, START),
        )
    await main.dispose()
    for _ in range(2):
        await migrate_all(settings)
    store = KeyStore(settings.keys_url, kek, lambda: START)
    assert (await store.find(key.subject), await store.owner()) == (key, owner)
    await store.close()
    assert files_with(wrapped, tmp_path) == ["subject.db"]


async def test_a_log_without_its_keys_does_not_start(settings: Settings) -> None:
    async with opened(settings) as services:
        await stamp(services)
        signer = FileSigner.load_or_create(settings.data / "keys" / "log.key", settings.audit.origin)
        genesis = genesis_record(profile="embedded", vkey=signer.vkey, now=START)
        await Log(services.log.engine).create(settings.audit.origin, genesis)
        await stamp(services)
    for path in (settings.data / "keys").glob("subject.db*"):
        path.unlink()
    await migrate_all(settings)
    async with opened(settings) as services:
        with pytest.raises(SettingsError, match=r"store of subject keys is empty"):
            await stamp(services)


async def test_the_keys_of_another_installation_are_refused(settings: Settings) -> None:
    async with opened(settings) as services:
        await services.keys.claim(uuid7())
        with pytest.raises(SettingsError, match=r"another installation"):
            await stamp(services)


def files_with(text: bytes, folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and text in path.read_bytes()]


def _stamp_of(settings: Settings, owner: UUID) -> dict[str, object]:
    given = {"profile": settings.profile.value, "origin": settings.audit.origin}
    return {"id": 1, "installation_id": owner, "created": START, **given}


@pytest.mark.real
async def test_processes_that_start_first_at_once_agree_on_one_stamp(
    postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    url = postgres_database()
    settings = load_settings(data=tmp_path / "var", database={"url": url, "log_url": url})
    await migrate_all(settings)
    processes = [build(settings) for _ in range(5)]
    stamped = await asyncio.gather(*(stamp(services) for services in processes))
    assert len({one.installation_id for one in stamped}) == 1
    async with processes[0].database.read() as session:
        assert len((await session.exec(select(Installation))).all()) == 1
    for services in processes:
        await services.close()


@pytest.mark.real
async def test_a_gateway_that_may_only_read_keys_starts(
    postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    url = postgres_database()
    settings = load_settings(data=tmp_path / "var", database={"keys_url": url})
    await migrate_all(settings)
    async with opened(settings) as services:
        await stamp(services)
    given = await asyncio.to_thread(reading_keys_only, settings.data, url)
    keys_url = Path(given["GUILDHALL_DATABASE__KEYS_URL_FILE"]).read_text("utf-8").strip()  # noqa: ASYNC240 - once
    async with opened(load_settings(data=settings.data, database={"keys_url": keys_url})) as services:
        await stamp(services)
        await record_settings(services, "gateway")
        with pytest.raises(KeyStoreError, match="ProgrammingError"):
            await services.keys.ensure([uuid7()])
