"""What one process began, another finishes; a database restored to an earlier day erases anew."""

import shutil
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import col, select

from audit.database import for_writing
from audit.errors import KeyStoreError, RegisterError, UnknownSubjectError
from audit.subjects.register import ErasureRegister
from console.erasure.settle import register_of, require_settled, settle_erasures, sweep_traces
from console.errors import SettingsError
from console.key_copies import copy_keys, take_back
from console.services import Services
from sso.models import Profile
from tests.console.erasure.conftest import HANDLE, Zelda
from tests.console.gateway.records import Worker
from tests.console.visitor import heads

pytestmark = pytest.mark.slow

DATABASES = ("guildhall.db", "keys/subject.db")


@pytest.fixture
def register(services: Services) -> ErasureRegister:
    return register_of(services.settings)


@pytest.mark.parametrize("logged", [False, True])
async def test_what_a_process_left_after_its_commit_is_finished(
    services: Services, zelda: Zelda, register: ErasureRegister, *, logged: bool
) -> None:
    person = (await zelda.sign_in()).id
    event = await zelda.erase(person, settle=False)
    assert (await services.keys.find(person)).subject == person
    if logged:
        await Worker(services).drain()
        with pytest.raises(SettingsError, match="a gateway may not"):
            await require_settled(services)
    assert await settle_erasures(services) == 1
    assert await settle_erasures(services) == 0
    assert [(one.subject, one.event) for one in register.read()] == [(person, event)]
    await gone(services, person)
    await require_settled(services)


async def test_a_register_that_was_lost_is_made_anew_from_the_log(
    services: Services, zelda: Zelda, register: ErasureRegister
) -> None:
    person = (await zelda.sign_in()).id
    await zelda.erase(person)
    await Worker(services).drain()
    written = register.read()
    (services.settings.data / "erased").unlink()
    await settle_erasures(services)
    assert register.read() == written != ()


async def test_an_older_database_is_erased_anew_before_anything_starts(
    services: Services, zelda: Zelda, tmp_path: Path
) -> None:
    person = (await zelda.sign_in()).id
    await services.database.close()
    await services.keys.close()
    for name in DATABASES:
        copy(services.settings.data / name, tmp_path / "backup" / name)
    await zelda.erase(person)
    await services.database.close()
    await services.keys.close()
    for name in DATABASES:
        for left in (services.settings.data / name).parent.glob(f"{Path(name).name}-*"):
            left.unlink()
        copy(tmp_path / "backup" / name, services.settings.data / name)
    assert await profiles(services) == 1
    assert (await services.keys.find(person)).subject == person
    with pytest.raises(SettingsError, match="erased is in this database again"):
        await require_settled(services)
    assert await settle_erasures(services) == 1
    assert await profiles(services) == 0
    await gone(services, person)
    await require_settled(services)
    again = [head for head in await heads(services) if head["action"] == "subject.erase"]
    assert [(head["flags"], head["resource"]) for head in again] == [
        (["reapplied"], {"type": "person", "id": str(person)})
    ]


async def test_nothing_starts_beside_an_altered_register(services: Services, zelda: Zelda) -> None:
    await zelda.erase((await zelda.sign_in()).id)
    path = services.settings.data / "erased"
    path.write_bytes(path.read_bytes().replace(b'"time":1', b'"time":2'))
    for act in (settle_erasures, require_settled, sweep_traces):
        with pytest.raises(RegisterError):
            await act(services)


async def test_without_the_key_store_the_erasure_waits_and_is_not_forgotten(
    services: Services, zelda: Zelda, register: ErasureRegister
) -> None:
    person = (await zelda.sign_in()).id
    await zelda.erase(person, settle=False)
    async with for_writing(services.keys.engine).begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE subject_key RENAME TO away")
    with pytest.raises(KeyStoreError):
        await settle_erasures(services)
    assert [one.subject for one in register.read()] == [person]
    async with for_writing(services.keys.engine).begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE away RENAME TO subject_key")
    await settle_erasures(services)
    await gone(services, person)


async def test_write_ahead_logs_are_cut_once_after_each_erasure(services: Services, zelda: Zelda) -> None:
    logs = [services.settings.data / f"{name}-wal" for name in DATABASES]
    for _ in range(2):
        await zelda.erase((await zelda.sign_in()).id)
        assert all(path.stat().st_size for path in logs)
        assert await sweep_traces(services)
        assert [path.stat().st_size for path in logs] == [0, 0]
    await zelda.sign_in()
    assert await sweep_traces(services)
    assert all(path.stat().st_size for path in logs)


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True, parents=True)
    shutil.copy(source, target)


async def profiles(services: Services) -> int:
    async with services.database.read() as session:
        return len((await session.exec(select(Profile).where(col(Profile.handle) == HANDLE))).all())


async def gone(services: Services, person: UUID) -> None:
    with pytest.raises(UnknownSubjectError):
        await services.keys.find(person)


async def test_a_copy_of_the_keys_taken_back_brings_nobody_back(services: Services, zelda: Zelda) -> None:
    person = (await zelda.sign_in()).id
    copy_of_keys = await copy_keys(services.settings)
    await zelda.erase(person)
    async with for_writing(services.keys.engine).begin() as connection:
        await connection.exec_driver_sql("DELETE FROM subject_key")  # the store is lost
    await take_back(services.settings, copy_of_keys)
    assert (await services.keys.find(person)).subject == person
    await settle_erasures(services)
    await gone(services, person)
    assert not register_of(services.settings).is_swept()
