"""The worker begins the log once, signs with its key alone, and says so beside the key."""

from pathlib import Path

import pytest

from audit.checkpoints.checkpoint import FileSigner
from audit.lease import LeaseTakenError, choose_lease
from audit.log import Log
from console.errors import SettingsError
from console.installation import first_flags
from console.services import Services
from console.worker import ensure_log


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
