"""Programs at the gateway: a key calls what its owner may call, and nothing once it was revoked."""

import json

import pytest
from sqlmodel import select

from console.keys.creating import create_key
from console.keys.forms import KeyCreate
from console.keys.revoking import revoke_key
from sso.models import ApiKey
from tests.console.conftest import WorkAs
from tests.console.gateway.conftest import CREDIT, INFER, Desk

pytestmark = pytest.mark.slow  # a gateway on a socket

CALLING = KeyCreate(name="nightly", scopes=["model.invoke", "model.describe"], days=5)


async def made(work_as: WorkAs, **changes: object) -> str:
    form = CALLING.model_copy(update=changes)
    return (await create_key(await work_as("member"), form)).token


async def by_key(desk: Desk, key: str, path: str = f"{CREDIT}/infer") -> tuple[int, list[str]]:
    answer = await desk.http.post(path, content=INFER, headers={"authorization": f"Bearer {key}"})
    return answer.status_code, answer.json().get("reasons", [])


async def test_a_key_calls_nothing_that_its_owner_may_not_call(desk: Desk, work_as: WorkAs) -> None:
    assert await by_key(desk, await made(work_as)) == (403, ["no_grant"])


async def test_a_key_is_refused_once_it_was_revoked(granted: Desk, work_as: WorkAs) -> None:
    key = await made(work_as)
    assert (await by_key(granted, key))[0] == 200
    async with granted.services.database.read() as session:
        row = (await session.exec(select(ApiKey))).one()
    await revoke_key(await work_as("member"), row.id, "no longer needed")
    assert await by_key(granted, key) == (401, ["key_revoked"])


async def test_a_key_of_one_model_calls_no_other_and_does_no_more_than_it_is_for(
    granted: Desk, work_as: WorkAs
) -> None:
    describing = await made(work_as, scopes=["model.describe"])
    assert await by_key(granted, describing) == (403, ["key_scope_missing:model.invoke"])
    bound = await made(work_as, routes=["risk.credit-default"])
    assert (await by_key(granted, bound))[0] == 200
    async with granted.services.database.write() as session:
        for row in await session.exec(select(ApiKey)):
            row.routes = json.dumps(["risk.other"])
            session.add(row)
    assert await by_key(granted, bound) == (403, ["key_not_for_route"])


async def test_case_40_a_key_in_the_address_of_a_call_is_refused(granted: Desk, work_as: WorkAs) -> None:
    key = await made(work_as)
    assert await by_key(granted, key, f"{CREDIT}/infer?api_key={key}") == (401, ["credential_in_address"])
    assert key.encode() not in b"".join(
        path.read_bytes() for path in granted.spool.rglob("*") if path.is_file()
    )
