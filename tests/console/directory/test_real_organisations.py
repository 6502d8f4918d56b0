"""Organisations of a real Keycloak: what a sync gives by them, a sign-in gives too."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx2
import pytest
from sqlmodel import col, select

from console.clock import system_clock
from console.directory.loop import DirectoryLoop
from console.services import Services
from console.sign_in.admission import start_session
from sso.claims import IdTokenClaims
from sso.metadata import ProviderMetadata
from sso.models import Identity, MappingRule, Membership, RuleRole
from sso.oidc import RelyingParty
from tests.console.begun import TESTS
from tests.console.directory.realm import Realm
from tests.patience import PATIENCE
from tests.real.browserless import walk_login
from tests.real.keycloak_server import KeycloakServer

pytestmark = pytest.mark.real

ALIAS = "acme"


@dataclass
class Organised:
    """A realm with an organisation, and its id."""

    realm: Realm
    id: str

    async def join(self, person: str) -> None:
        async with self.realm.admin() as admin:
            await admin.a_organization_user_add(person, self.id)

    async def leave(self, person: str) -> None:
        async with self.realm.admin() as admin:
            await admin.a_organization_user_remove(person, self.id)

    async def sign_in(self, name: str) -> IdTokenClaims:
        """Let somebody through the provider's pages, and believe what it says."""
        until = self.realm.place.redirect
        async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
            settings = self.realm.issuer_settings
            party = RelyingParty(settings, ProviderMetadata(settings, http, system_clock), system_clock)
            started = await party.start(redirect_uri=until, next_path="/")
            secret = self.realm.people[name]
            landed = await asyncio.to_thread(walk_login, started.url, name, secret, until=until)
            return await party.finish(started.row, dict(parse_qsl(urlsplit(landed).query)), until)


@pytest.fixture(scope="module")
def organised(keycloak: KeycloakServer, tmp_path_factory: pytest.TempPathFactory) -> Organised:
    realm = Realm(keycloak, "organised", tmp_path_factory.mktemp("secrets"))

    async def make() -> str:
        async with realm.admin("master") as master:
            about = {"realm": realm.name, "enabled": True, "organizationsEnabled": True}
            await master.a_create_realm(about)
        await realm.set_up()
        async with realm.admin() as admin:
            domains = [{"name": "acme.example", "verified": True}]
            await admin.a_create_organization({"name": ALIAS, "alias": ALIAS, "domains": domains})
            (found,) = await admin.a_get_organizations()
            return str(found["id"])

    return Organised(realm, asyncio.run(make()))


@pytest.fixture
async def loop(
    services: Services, organised: Organised, teams: dict[str, UUID]
) -> AsyncIterator[DirectoryLoop]:
    """The worker's loop over the realm, in which the organisation is team risk."""
    rule = MappingRule(
        issuer=organised.realm.issuer,
        claim="organization",
        value=ALIAS,
        team_id=teams["risk"],
        role=RuleRole.MEMBER,
        created=0,
    )
    async with services.database.write() as session:
        session.add(rule)
    found = DirectoryLoop(services, organised.realm.settings)
    yield found
    await found.close()


async def teams_of(services: Services, subject: str) -> set[UUID]:
    same = col(Identity.person_id) == col(Membership.person_id)
    found = select(Membership.team_id).join(Identity, same).where(Identity.subject == subject)
    async with services.database.read() as session:
        return set(await session.exec(found))


async def test_an_organisation_gives_its_team_by_sync_and_by_sign_in_alike(
    services: Services, organised: Organised, loop: DirectoryLoop, teams: dict[str, UUID]
) -> None:
    ada = await organised.realm.person("ada")
    await organised.join(ada)
    await loop.turn()
    assert await teams_of(services, ada) == {teams["risk"]}
    claims = await organised.sign_in("ada")
    await start_session(services, claims, None, TESTS)
    assert await teams_of(services, ada) == {teams["risk"]}
    assert claims.given["organization"] == [ALIAS]


async def test_who_joins_or_leaves_an_organisation_is_seen_at_the_next_look(
    services: Services, organised: Organised, loop: DirectoryLoop, teams: dict[str, UUID]
) -> None:
    bob = await organised.realm.person("bob")
    await loop.turn()
    assert await teams_of(services, bob) == set()
    await organised.join(bob)
    await loop.turn()
    assert await teams_of(services, bob) == {teams["risk"]}
    await organised.leave(bob)
    await loop.turn()
    assert await teams_of(services, bob) == set()


async def test_whoever_is_in_no_organisation_signs_in_as_ever(organised: Organised) -> None:
    carol = await organised.realm.person("carol")
    claims = await organised.sign_in("carol")
    assert (claims.subject, claims.given.get("organization")) == (carol, None)


async def test_setup_names_a_scope_that_our_client_may_not_ask_for(organised: Organised) -> None:
    assert (await organised.realm.set_up(dry_run=True)).lines == []
    async with organised.realm.admin() as admin:
        client = str(await admin.a_get_client_id("guildhall"))
        scope = await admin.a_get_client_scope_by_name("organization")
        assert scope is not None
        await admin.a_delete_client_optional_client_scope(client, scope["id"])
    (line,) = (await organised.realm.set_up(dry_run=True)).lines
    assert "may not ask for the scope organization" in line
    await organised.realm.set_up()
    assert (await organised.realm.set_up(dry_run=True)).lines == []
