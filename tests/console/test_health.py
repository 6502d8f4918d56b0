"""Probes: alive is alive, ready is able; neither names a host, a file or a secret."""

from dataclasses import replace

import httpx2

from audit.checkpoints.checkpoint import FileSigner
from audit.log import Log, genesis_record
from console.app import create_probes
from console.database import Database
from console.services import Services, with_decider
from tests.console.conftest import START
from tests.console.test_problems import client_of
from tests.console.test_work import SilentDecider


async def begin_log(services: Services) -> None:
    settings = services.settings
    signer = FileSigner.load_or_create(settings.data / "keys" / "log.key", settings.audit.origin)
    genesis = genesis_record(profile="embedded", vkey=signer.vkey, now=START)
    await Log(services.log.engine).create(settings.audit.origin, genesis)


async def ask(services: Services, path: str) -> httpx2.Response:
    async with client_of(create_probes(services)) as client:
        return await client.get(path)


async def test_all_parts_that_answer_are_ready(services: Services) -> None:
    await begin_log(services)
    answer = await ask(services, "/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "keys": "ok", "log": "ok", "policy": "ok"}


async def test_a_part_that_does_not_answer_is_named_and_nothing_more(services: Services) -> None:
    await begin_log(services)
    away = Database("postgresql+asyncpg://someone:s3cret@127.0.0.1:1/guildhall")
    broken = replace(with_decider(services, SilentDecider()), database=away)
    answer = await ask(broken, "/health/ready")
    assert answer.status_code == 503
    assert answer.json()["log"] == "ok"
    assert answer.json()["database"] != "ok"
    assert answer.json()["policy"] != "ok"
    for secret in ("s3cret", "127.0.0.1", "someone", str(services.settings.data)):
        assert secret not in answer.text
    assert (await ask(broken, "/health/live")).json() == {"status": "live"}
    await away.close()


async def test_the_data_paths_own_process_answers_probes_only(services: Services) -> None:
    for path in ("/", "/models", "/sign-in", "/api/v1/me", "/api/openapi.json"):
        assert (await ask(services, path)).status_code == 404, path
