"""The worker begins the log once, signs with its key alone, and says so beside the key."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from audit.body import decode_parts, open_part
from audit.checkpoints.checkpoint import FileSigner
from audit.head import Head
from audit.lease import LeaseTakenError, choose_lease
from audit.log import Log
from audit.models import Outbox
from console.errors import SettingsError
from console.installation import first_flags
from console.policies.own_engine import own_name
from console.services import Services
from console.worker import ensure_log, run_worker
from policy.models import PolicyEngine


def signer_in(services: Services, name: str = "log.key") -> FileSigner:
    settings = services.settings
    return FileSigner.load_or_create(settings.data / "keys" / name, settings.audit.origin)


async def begin(services: Services) -> None:
    engine = services.log.engine
    lease = choose_lease(engine, services.settings.data / "log.lock")
    await ensure_log(lease, Log(engine), services)


def published(services: Services) -> Path:
    return services.settings.data / "keys" / "log.vkey"


async def test_the_log_begins_once_with_profile_and_key(services: Services) -> None:
    for _ in range(2):
        await begin(services)
    signer = signer_in(services)
    assert await services.log.size() == 1
    assert await first_flags(services.log, "profile:") == ["embedded"]
    assert await first_flags(services.log, "vkey:") == [signer.vkey]
    assert published(services).read_text() == signer.vkey + "\n"


async def test_a_key_that_is_not_the_logs_signs_nothing_and_is_not_published(services: Services) -> None:
    await begin(services)
    first = signer_in(services)
    for name in ("log.key", "log.mldsa.key"):
        key = services.settings.data / "keys" / name
        kept = key.read_text()
        key.unlink()
        with pytest.raises(SettingsError, match=f"keys/{name}.*restore"):
            await begin(services)
        key.unlink(missing_ok=True)
        key.touch(mode=0o600)
        key.write_text(kept)
    assert published(services).read_text() == first.vkey + "\n"


async def test_a_second_worker_waits_outside(services: Services) -> None:
    held = choose_lease(services.log.engine, services.settings.data / "log.lock")
    await held.take()
    with pytest.raises(LeaseTakenError):
        await begin(services)
    assert await services.log.size() == 0
    await held.release()


async def loads(services: Services) -> Sequence[Mapping[str, Any]]:
    """What each start told, by part, opened."""
    found = []
    for entry in await services.log.entries(range(await services.log.size())):
        if Head.parse(entry.head).action == "settings.load":
            parts = decode_parts(await services.log.body(entry.index) or b"")
            found.append({one.name: open_part(one, await services.keys.find(one.subject)) for one in parts})
    return found


@pytest.mark.slow
async def test_each_start_of_the_worker_tells_its_settings_and_what_differs(services: Services) -> None:
    """Its supervisor starts it again whenever it ends, and it then reads the file anew."""
    ended = asyncio.Event()
    ended.set()
    for seconds in (30, 30, 7):
        audit = services.settings.audit.model_copy(update={"compare_seconds": seconds})
        settings = services.settings.model_copy(update={"audit": audit})
        await run_worker(replace(services, settings=settings), ended)
    first, second, last = await loads(services)
    assert [one["settings"]["role"] for one in (first, second, last)] == ["worker"] * 3
    assert last["settings"]["settings"]["audit"]["compare_seconds"] == 7
    assert "change" not in second
    [difference] = last["change"]["rows"]
    assert (difference["before"], difference["after"]) == (
        {"audit.compare_seconds": 30},
        {"audit.compare_seconds": 7},
    )


@pytest.mark.slow
async def test_it_says_which_revision_its_engine_has_as_long_as_it_works(services: Services) -> None:
    """It asks for plans and rights of its own accord: an activation is confirmed by it too."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(run_worker(services, stop))
        while not (said := await engines(services)):  # noqa: ASYNC110 - a database gives no event
            await asyncio.sleep(0.01)
        stop.set()
    assert [(one.id, one.revision) for one in said] == [(own_name("worker"), services.policy_revision)]
    assert await engines(services) == []


async def engines(services: Services) -> Sequence[PolicyEngine]:
    async with services.database.read() as session:
        return (await session.exec(select(PolicyEngine))).all()


async def test_a_worker_that_waits_outside_tells_no_settings(services: Services) -> None:
    held = choose_lease(services.log.engine, services.settings.data / "log.lock")
    await held.take()
    with pytest.raises(LeaseTakenError):
        await run_worker(services, asyncio.Event())
    await held.release()
    async with services.database.read() as session:
        assert (await session.exec(select(Outbox))).all() == []
