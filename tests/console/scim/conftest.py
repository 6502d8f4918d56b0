"""A directory at the SCIM door: a credential of the development issuer, and a client that carries it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from console.scim.door import scim_application
from console.services import Services
from console.sign_in.providers import dev_issuer
from sso.models import GroupsAs, Identity, Membership, Person, ScimCredential, SubjectFrom, Team
from sso.scim.tokens import ScimToken, new_token
from tests.console.conftest import START

YEAR = 365 * 86_400_000_000
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Directory:
    """One directory that provisions, as the protocol's clients do."""

    services: Services
    client: httpx2.AsyncClient
    credential: ScimCredential

    async def user(self, user_name: str, /, **said: Any) -> dict[str, Any]:
        answer = await self.client.post("/Users", json={"schemas": [USER], "userName": user_name, **said})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def group(self, name: str, /, *members: dict[str, Any], **said: Any) -> dict[str, Any]:
        named = [{"value": one["id"]} for one in members]
        body = {"schemas": [GROUP], "displayName": name, "members": named, **said}
        answer = await self.client.post("/Groups", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def patch(self, path: str, *operations: dict[str, Any]) -> httpx2.Response:
        return await self.client.patch(path, json={"schemas": [PATCH], "Operations": list(operations)})

    async def person(self, subject: str) -> Person | None:
        """Return who the issuer's tokens call `subject`."""
        query = (
            select(Person)
            .join(Identity, col(Identity.person_id) == col(Person.id))
            .where(col(Identity.subject) == subject)
        )
        async with self.services.database.read() as session:
            return (await session.exec(query)).first()

    async def teams_of(self, person: UUID) -> list[tuple[str, str, str]]:
        """Return team, role and source of each membership."""
        query = (
            select(Team.name, Membership.role, Membership.managed_by)
            .join(Membership, col(Membership.team_id) == col(Team.id))
            .where(col(Membership.person_id) == person)
        )
        async with self.services.database.read() as session:
            return sorted((name, str(role), str(by)) for name, role, by in await session.exec(query))


async def add_credential(
    services: Services,
    *,
    issuer: str | None = None,
    subject_from: SubjectFrom = SubjectFrom.EXTERNAL_ID,
    groups_as: GroupsAs = GroupsAs.MAPPED,
) -> tuple[ScimCredential, ScimToken]:
    """Put a credential into the tables as an approved change would."""
    token = new_token()
    credential = ScimCredential(
        name=f"directory-{token.id}",
        issuer=issuer or dev_issuer(services.settings),
        subject_from=subject_from,
        groups_as=groups_as,
        token_id=token.id,
        verifier=token.verifier(services.identity_key),
        change_id=uuid7(),
        created=START,
        expires=START + YEAR,
    )
    async with services.database.write() as session:
        session.add(credential)
    return credential, token


@pytest.fixture
async def connect(services: Services) -> AsyncIterator[Callable[..., Any]]:
    """Open the door for a directory with a credential of its own."""
    clients = []

    async def opened(**of: Any) -> Directory:
        credential, token = await add_credential(services, **of)
        transport = httpx2.ASGITransport(app=scim_application(services), client=("192.0.2.7", 40_000))
        address = f"{services.settings.base_url}/scim/v2"
        headers = {"Authorization": f"Bearer {token.text}", "Content-Type": "application/scim+json"}
        client = httpx2.AsyncClient(transport=transport, base_url=address, headers=headers)
        clients.append(client)
        return Directory(services, client, credential)

    yield opened
    for client in clients:
        await client.aclose()


@pytest.fixture
async def directory(connect: Callable[..., Any], teams: dict[str, UUID]) -> Directory:
    """A directory whose externalId is the subject, and whose groups are mapped."""
    assert teams
    found: Directory = await connect()
    return found
