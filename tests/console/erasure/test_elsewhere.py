"""Who was erased stays so though the whole data folder is set back: receipts lie where heads are kept."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import col, select

from audit.heads.state import read_states
from audit.subjects.register import ErasureRegister
from audit.tree.proof import format_proof, parse_proof
from console.alarms import read_alarms
from console.erasure.elsewhere import (
    elsewhere,
    keep_settled,
    require_settled_at_start,
    run_erasures,
    settle_at_start,
)
from console.erasure.settle import register_of, settle_erasures
from console.errors import SettingsError
from console.services import Services
from console.trust_settings import HeadSettings
from sso.models import Profile
from tests.console.erasure.conftest import HANDLE, Zelda
from tests.console.gateway.records import Worker
from tests.console.visitor import heads
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A mount off this host."""
    (tmp_path / "mount").mkdir()
    return tmp_path / "mount"


@pytest.fixture
def kept(services: Services, folder: Path) -> Services:
    """The services of an installation whose heads are remembered there."""
    audit = services.settings.audit.model_copy(update={"heads": HeadSettings(folder=folder)})
    return replace(services, settings=services.settings.model_copy(update={"audit": audit}))


@pytest.fixture
def zelda(kept: Services, teams: dict[str, UUID]) -> Zelda:
    assert teams
    return Zelda(kept)


async def hand_on(services: Services) -> None:
    async with elsewhere(services) as register:
        await keep_settled(services, register)


async def set_back(services: Services, copy: Path) -> None:
    """Put a copy of the whole data folder in its place."""
    await let_go(services)
    await asyncio.to_thread(shutil.rmtree, services.settings.data)
    await asyncio.to_thread(shutil.copytree, copy, services.settings.data)


async def let_go(services: Services) -> None:
    await services.database.close()
    await services.keys.close()
    await services.log.engine.dispose()


def move(source: Path, target: Path) -> None:
    source.rename(target)


def receipts(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.tlog-proof"))


async def names(services: Services) -> list[str]:
    async with services.database.read() as session:
        chosen = select(Profile.handle).where(col(Profile.handle) == HANDLE)
        return list(await session.exec(chosen))


@asynccontextmanager
async def erased_and_set_back(services: Services, zelda: Zelda, tmp_path: Path) -> AsyncIterator[UUID]:
    """Somebody is erased; then everything on this host is as it was before."""
    person = (await zelda.sign_in()).id
    await Worker(services).drain()
    await let_go(services)
    await asyncio.to_thread(shutil.copytree, services.settings.data, tmp_path / "copy")
    await zelda.erase(person)
    await Worker(services).drain()
    await hand_on(services)
    assert await names(services) == []
    await set_back(services, tmp_path / "copy")
    assert await names(services) == [HANDLE]
    yield person


async def test_a_whole_host_set_back_erases_anew_before_anything_starts(
    kept: Services, zelda: Zelda, folder: Path, tmp_path: Path
) -> None:
    async with erased_and_set_back(kept, zelda, tmp_path) as person:
        await settle_erasures(kept)
        assert await names(kept) == [HANDLE]  # nothing here knows of it any more
        with pytest.raises(SettingsError, match="a gateway may not"):
            await require_settled_at_start(kept)
        await settle_at_start(kept)
        assert await names(kept) == []
        assert await kept.keys.erased() == {person}
        assert [one.subject for one in register_of(kept.settings).read()] == [person]
        await require_settled_at_start(kept)
        again = [head for head in await heads(kept) if head["action"] == "subject.erase"]
        assert [head["flags"] for head in again] == [["reapplied"]]
        assert len(receipts(folder)) == 1


async def test_a_receipt_that_the_log_did_not_sign_erases_nobody(
    kept: Services, zelda: Zelda, folder: Path, tmp_path: Path
) -> None:
    async with erased_and_set_back(kept, zelda, tmp_path) as person:
        victim = (await zelda.sign_in()).id
        [path] = receipts(folder)
        whole = path.read_bytes()
        proof = parse_proof(whole)
        assert proof.extra is not None
        other = proof.extra.replace(str(person).encode(), str(UUID(int=7)).encode())
        path.write_bytes(format_proof(replace(proof, extra=other)))
        for name, text in (("a", b""), ("b", b"\xff"), ("c", whole[:-20]), ("d", b"no receipt\n\n")):
            path.with_name(f"{name}.tlog-proof").write_bytes(text)
        await settle_at_start(kept)
        assert await names(kept) == [HANDLE]
        assert await kept.keys.erased() == set()
        assert victim == person


async def test_only_what_is_signed_is_handed_on_and_once(kept: Services, zelda: Zelda, folder: Path) -> None:
    await zelda.erase((await zelda.sign_in()).id)
    await hand_on(kept)
    assert receipts(folder) == []
    await Worker(kept).drain()
    for _ in range(2):
        await hand_on(kept)
    assert len(receipts(folder)) == 1


async def test_a_mount_that_is_away_holds_nothing_up_and_is_an_alarm_until_it_is_back(
    kept: Services, zelda: Zelda, folder: Path, tmp_path: Path
) -> None:
    async with erased_and_set_back(kept, zelda, tmp_path) as person:
        move(folder, tmp_path / "away")
        await settle_at_start(kept)
        assert await names(kept) == [HANDLE]
        await Worker(kept).drain()
        stop = asyncio.Event()
        working = asyncio.create_task(run_erasures(kept, stop))
        sentence = f"Erasures are not kept off this host: The folder {folder} is not there."
        await until(kept, [sentence])
        assert [one.name for one in await read_alarms(kept) if one.sentence == sentence] == ["erasures"]
        move(tmp_path / "away", folder)
        await until(kept, [None])
        stop.set()
        await working
        assert await names(kept) == []
        assert await kept.keys.erased() == {person}


async def until(services: Services, troubles: list[str | None]) -> None:
    """Wait until the worker has told so of its register elsewhere."""
    async with asyncio.timeout(PATIENCE):
        while [one.trouble for one in await read_states(services.log.engine)] != troubles:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_what_is_kept_elsewhere_is_what_the_register_holds(
    kept: Services, zelda: Zelda, folder: Path
) -> None:
    person = (await zelda.sign_in()).id
    await zelda.erase(person)
    await Worker(kept).drain()
    await hand_on(kept)
    register: ErasureRegister = register_of(kept.settings)
    (told,) = register.read()
    async with elsewhere(kept) as found:
        assert await found.recall() == [told]
    assert (told.subject, len(receipts(folder))) == (person, 1)
