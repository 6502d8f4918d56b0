import asyncio
from uuid import UUID, uuid4

import pytest
from uuid_utils.compat import uuid7

from audit.head import Head
from audit.tree import proof
from console.errors import ServiceUnavailableError
from console.questions import Origin
from console.trail.proofs import read_proof
from console.work import UnitOfWork
from sso.principal import Authentication, Principal
from tests.console.trail.trail import Trail

pytestmark = pytest.mark.slow

EVENTS = "/api/v1/audit/events"


async def test_an_auditor_and_the_caller_get_a_proof_that_holds(trail: Trail) -> None:
    event = await trail.happen()
    await trail.settle()
    vkey = (await trail.get("auditor", "/api/v1/audit/key")).json()["vkey"]
    assert vkey == trail.vkey
    for person in ("auditor", "member"):
        answer = await trail.get(person, f"{EVENTS}/{event}/proof")
        assert answer.headers["content-type"].startswith("text/plain")
        proven = proof.verify(answer.content, vkey)
        assert Head.parse(proven.entry).id == event


async def test_nobody_else_gets_a_receipt(trail: Trail) -> None:
    event = await trail.happen()
    await trail.settle()
    for person in ("owner", "admin", "reviewer"):
        assert (await trail.get(person, f"{EVENTS}/{event}/proof")).status_code == 403


async def test_a_proof_waits_for_the_worker(trail: Trail) -> None:
    event = await trail.happen()
    asked = asyncio.create_task(trail.get("auditor", f"{EVENTS}/{event}/proof"))
    await asyncio.wait([asked], timeout=0.3)
    assert not asked.done()
    await trail.settle()
    assert proof.verify((await asked).content, trail.vkey).index > 0


async def test_what_is_not_signed_in_time_is_unavailable(trail: Trail) -> None:
    with pytest.raises(ServiceUnavailableError):
        await read_proof(work_of(trail, "member"), await trail.happen(), wait=0.1)
    with pytest.raises(ServiceUnavailableError):
        await read_proof(work_of(trail, "member"), uuid7(), wait=0.1)


async def test_an_id_that_no_entry_can_have_is_not_found(trail: Trail) -> None:
    old = UUID(int=(1 << 80) | (uuid7().int & ((1 << 80) - 1)))
    for unknown in (uuid4(), old):
        assert (await trail.get("auditor", f"{EVENTS}/{unknown}/proof")).status_code == 404


async def test_the_key_is_unavailable_until_a_worker_has_published_it(trail: Trail) -> None:
    (trail.services.settings.data / "keys" / "log.vkey").unlink()
    answer = await trail.get("auditor", "/api/v1/audit/key")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["no_log_key"])
    assert (await trail.get("member", "/api/v1/audit/key")).status_code == 403


def work_of(trail: Trail, person: str) -> UnitOfWork:
    proven = Authentication("bearer", "issuer", person, token_id="1")
    principal = Principal(trail.people[person], "person", person, person, proven)
    return UnitOfWork(trail.services, principal, Origin("api"))
