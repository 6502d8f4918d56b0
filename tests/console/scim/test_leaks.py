"""A directory's token that somebody found: reported without a sign-in, it opens nothing from then on."""

from collections.abc import Mapping

import httpx2
import pytest

from console.changes.withdrawing import withdraw_change
from console.errors import ConflictError
from console.scim.credentials import ask_credential, list_credentials
from console.services import Services
from console.unexplained.comparison import Comparison
from policy.models import Change, ChangeState
from sso.principal import Principal
from sso.scim.tokens import new_token
from tests.console.conftest import WorkAs
from tests.console.scim.test_credentials import approve, form, status
from tests.console.visitor import heads

pytestmark = pytest.mark.slow  # each builds the whole console


async def report(api: httpx2.AsyncClient, *texts: str) -> None:
    answer = await api.post("/key-leaks", json={"tokens": texts})
    assert (answer.status_code, answer.text) == (202, '{"received":true}')


async def leaks(services: Services) -> list[Mapping[str, object]]:
    return list(await heads(services, "scim_credential.leak"))


async def test_a_reported_token_is_revoked_and_the_log_says_why(
    services: Services, people: dict[str, Principal], work_as: WorkAs, api: httpx2.AsyncClient
) -> None:
    assert people
    asked = await ask_credential(await work_as("admin"), form(services))
    await approve(work_as, asked)
    assert await status(services, asked.token) == 200
    await report(api, "nonsense", new_token().text, asked.token)
    assert await status(services, asked.token) == 401
    (listed,) = await list_credentials(await work_as("auditor"))
    assert listed.state == "revoked"
    assert [head["reasons"] for head in await leaks(services)] == [["leaked"]]
    await report(api, asked.token)
    assert len(await leaks(services)) == 1
    found = await Comparison(services).findings()
    assert [one for one in found if one.kind == "scim_credential"] == []


async def test_a_token_reported_before_its_approval_never_comes_into_force(
    services: Services, people: dict[str, Principal], work_as: WorkAs, api: httpx2.AsyncClient
) -> None:
    assert people
    asked = await ask_credential(await work_as("admin"), form(services))
    other = await ask_credential(await work_as("admin"), form(services, name="okta"))
    await report(api, asked.token)
    async with services.database.read() as session:
        assert (await session.get_one(Change, asked.id)).state is ChangeState.WITHDRAWN
        assert (await session.get_one(Change, other.id)).state is ChangeState.PENDING
    assert [head["reasons"] for head in await heads(services, "change.withdraw")] == [["leaked"]]
    with pytest.raises(ConflictError):
        await approve(work_as, asked)
    await withdraw_change(await work_as("admin"), other.id)
    await report(api, other.token)
    assert len(await heads(services, "change.withdraw")) == 2
