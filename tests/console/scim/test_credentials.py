"""A directory's credential: asked for by one person, let be by another, shown once, revoked at once."""

import datetime as dt

import httpx2
import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from console.changes.deciding import review_change
from console.changes.forms import ReviewCreate
from console.errors import ConflictError, InvalidInputError, RefusedError
from console.scim.credentials import ask_credential, list_credentials, revoke_credential
from console.scim.door import scim_application
from console.scim.forms import ScimCredentialAsk, ScimCredentialAsked
from console.services import Services
from console.sign_in.providers import dev_issuer
from console.web.times import to_datetime
from sso.principal import Principal
from sso.scim.tokens import ScimToken, new_token, read_token
from tests.console.conftest import TokenFor, WorkAs
from tests.console.visitor import heads

pytestmark = pytest.mark.slow


def form(services: Services, days: int = 90, **changes: object) -> ScimCredentialAsk:
    expires = to_datetime(services.clock()).date() + dt.timedelta(days=days)
    said = {"name": "entra", "issuer": dev_issuer(services.settings), "reason": "Our directory"}
    return ScimCredentialAsk.model_validate({**said, "expires": expires, **changes})


async def approve(work_as: WorkAs, asked: ScimCredentialAsked, who: str = "reviewer") -> None:
    said = {
        "decision": "approve",
        "meaning": "Ours",
        "reason": "It is ours",
        "content_hash": asked.content_hash,
    }
    await review_change(await work_as(who, stepped_up=True), asked.id, ReviewCreate.model_validate(said))


async def status(services: Services, token: str) -> int:
    transport = httpx2.ASGITransport(app=scim_application(services))
    address = f"{services.settings.base_url}/scim/v2"
    async with httpx2.AsyncClient(transport=transport, base_url=address) as client:
        return (await client.get("/Users", headers={"Authorization": f"Bearer {token}"})).status_code


async def test_it_opens_the_door_once_a_second_person_has_approved_and_until_it_is_revoked(
    services: Services, people: dict[str, Principal], work_as: WorkAs
) -> None:
    assert people
    asked = await ask_credential(await work_as("admin"), form(services))
    assert await status(services, asked.token) == 401
    with pytest.raises(RefusedError):
        await approve(work_as, asked, "admin")
    await approve(work_as, asked)
    assert await status(services, asked.token) == 200
    (listed,) = await list_credentials(await work_as("auditor"))
    assert (listed.name, listed.state, listed.used is None) == ("entra", "live", False)
    with pytest.raises(ConflictError, match="has this name"):
        await ask_credential(await work_as("admin"), form(services))
    await revoke_credential(await work_as("admin"), asked.credential, "Replaced")
    assert await status(services, asked.token) == 401
    acts = [str(head["action"]) for head in await heads(services)]
    assert [one for one in acts if one.startswith("scim_credential")] == [
        "scim_credential.create",
        "scim_credential.revoke",
    ]


async def test_the_token_is_kept_nowhere(
    services: Services, people: dict[str, Principal], work_as: WorkAs
) -> None:
    assert people
    asked = await ask_credential(await work_as("admin"), form(services))
    await approve(work_as, asked)
    secret = asked.token.rpartition("_")[2]
    assert secret not in repr(asked)
    async with services.database.read() as session:
        for table in SQLModel.metadata.sorted_tables:
            rows = (await session.exec(sa.select(table))).all()  # type: ignore[call-overload]
            assert secret[:32] not in str(rows)


@pytest.mark.parametrize("days", [0, 366])
async def test_an_end_is_mandatory_and_at_most_a_year_away(
    services: Services, people: dict[str, Principal], work_as: WorkAs, days: int
) -> None:
    assert people
    with pytest.raises(InvalidInputError):
        await ask_credential(await work_as("admin"), form(services, days))


async def test_another_issuer_and_another_asker_are_refused(
    services: Services, people: dict[str, Principal], work_as: WorkAs
) -> None:
    assert people
    with pytest.raises(ConflictError, match="not configured"):
        await ask_credential(await work_as("admin"), form(services, issuer="https://other.example"))
    with pytest.raises(RefusedError):
        await ask_credential(await work_as("auditor"), form(services))


async def test_the_api_asks_lists_and_revokes(
    api: httpx2.AsyncClient, services: Services, token_for: TokenFor
) -> None:
    headers = {"Authorization": f"Bearer {token_for('admin')}"}
    body = form(services).model_dump(mode="json")
    asked = await api.post("/scim-credentials", json=body, headers=headers)
    assert asked.status_code == 201, asked.text
    assert asked.json()["token"].startswith("guildhall_scim_")
    listed = await api.get("/scim-credentials", headers=headers)
    assert listed.json()["items"] == []
    missing = await api.request(
        "DELETE", f"/scim-credentials/{asked.json()['credential']}", json={"reason": "gone"}, headers=headers
    )
    assert missing.status_code == 404


async def test_a_token_that_somebody_found_and_reported_opens_nothing_any_more(
    api: httpx2.AsyncClient, services: Services, people: dict[str, Principal], work_as: WorkAs
) -> None:
    assert people
    asked = await ask_credential(await work_as("admin"), form(services))
    await approve(work_as, asked)
    known = read_token(asked.token)
    assert known is not None
    for text in (asked.token[:-1], ScimToken(known.id, new_token().secret).text):
        await api.post("/key-leaks", json={"tokens": [text]})
    assert await status(services, asked.token) == 200
    answers = [await api.post("/key-leaks", json={"tokens": [asked.token]}) for _ in range(2)]
    assert {(one.status_code, one.text) for one in answers} == {(202, '{"received":true}')}
    assert await status(services, asked.token) == 401
    (listed,) = await list_credentials(await work_as("auditor"))
    (head,) = await heads(services, "scim_credential.leak")
    assert (listed.state, head["reasons"]) == ("revoked", ["leaked"])
