"""The site that is measured, with people who come from a real Keycloak and a worker that follows it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
from keycloak import KeycloakAdmin
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from console.clock import system_clock
from console.directory.loop import DirectoryLoop
from console.scim.door import scim_application
from console.security import session_cookie_name
from console.settings import Settings, SignInSettings, load_settings
from policy.models import Grant, PrincipalType
from sso.models import Identity, MappingRule, Membership, RuleRole
from tests.console.directory.realm import PASSWORD, Realm
from tests.console.scim.conftest import add_credential
from tests.real.browserless import Browser, claims, exchange, sign_in, walk_login
from tests.real.keycloak_server import KeycloakServer
from tests.real.server import free_port
from tests.soak.revocation_site import Caller, Site, key_of, open_served

GROUP: Final = "retail"
LOOK_EVERY: Final = 0.1
"""Many people wait at once here; asking more often would measure the asking."""
QUICK_HASHES: Final = "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)"
"""What Keycloak does to a password is not what is measured."""


@dataclass
class KeycloakSite(Site):
    """A site whose people sign in at a realm; `admin` is the hand on the realm, `door` a SCIM client."""

    realm: Realm
    admin: KeycloakAdmin
    group: str
    door: httpx2.AsyncClient
    stop: asyncio.Event | None = None
    following: asyncio.Task[None] | None = None

    async def arrive(self, *, by_team: bool) -> Caller:
        """Let somebody new of the realm sign in by its pages, with a key, and a grant or a team's."""
        name = f"p{uuid7().hex}"
        subject = await self._hire(name)
        browser = Browser()
        cookie = await self._session(name, browser)
        redirect = self.realm.place.redirect
        answer = await asyncio.to_thread(sign_in, self.realm, name, redirect_uri=redirect, browser=browser)
        tokens = await asyncio.to_thread(exchange, self.realm, answer, redirect)
        person, membership = await self._found(subject)
        text, row = key_of(self.elsewhere, person, system_clock())
        await self.desk.add(row)
        grant = await self._grant(person, by_team=by_team)
        sid = str(claims(tokens["access_token"])["sid"])
        token = str(tokens["access_token"])
        return Caller(person, subject, sid, cookie, token, text, row.id, grant, membership)

    async def follow(self) -> None:
        """Let the worker's loop look at Keycloak's events, from here on."""
        loop, self.stop = DirectoryLoop(self.elsewhere, self.realm.settings), asyncio.Event()
        await loop.turn()
        self.following = asyncio.create_task(loop.run(self.stop))

    async def leave(self) -> None:
        """Let nobody look at Keycloak's events."""
        if self.stop is not None and self.following is not None:
            self.stop.set()
            await self.following
            self.stop = self.following = None

    async def tell(self, address: str) -> None:
        """Let Keycloak send its logout tokens to `address`, or with an empty one to nobody."""
        client = str(await self.admin.a_get_client_id(self.realm.client_id))
        attributes = (await self.admin.a_get_client(client))["attributes"]
        changed = {**attributes, "backchannel.logout.url": address}
        await self.admin.a_update_client(client, {"attributes": changed})

    async def _hire(self, name: str) -> str:
        about = {
            "username": name,
            "enabled": True,
            "email": f"{name}@example.org",
            "emailVerified": True,
            "firstName": "Some",
            "lastName": "Body",
            "groups": [f"/{GROUP}"],
            "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
        }
        self.realm.people[name] = PASSWORD
        return str(await self.admin.a_create_user(about))

    async def _session(self, name: str, browser: Browser) -> str:
        left = await self.http.get("/sign-in", params={"issuer": self.realm.issuer})
        flow = {"cookie": "; ".join(f"{key}={value}" for key, value in left.cookies.items())}
        self.http.cookies.clear()
        until = self.realm.place.redirect
        address = left.headers["location"]
        landed = await asyncio.to_thread(walk_login, address, name, PASSWORD, until=until, browser=browser)
        came = await self.http.get(f"{until}?{urlsplit(landed).query}", headers=flow)
        cookie = came.cookies[session_cookie_name(self.services)]
        self.http.cookies.clear()
        return cookie

    async def _found(self, subject: str) -> tuple[UUID, UUID]:
        query = (
            select(Membership.person_id, Membership.id)
            .join(Identity, col(Identity.person_id) == col(Membership.person_id))
            .where(Identity.subject == subject)
        )
        async with self.elsewhere.database.read() as session:
            return (await session.exec(query)).one()

    async def _grant(self, person: UUID, *, by_team: bool) -> UUID:
        holder = self.teams[GROUP] if by_team else person
        grant = await self.desk.grant(holder, days=100, since=system_clock())
        if by_team:
            async with self.elsewhere.database.write() as session:
                (await session.get_one(Grant, grant.id)).principal_type = PrincipalType.TEAM
        return grant.id


@asynccontextmanager
async def open_keycloak_site(folder: Path, server: KeycloakServer) -> AsyncIterator[KeycloakSite]:
    """Serve a console that trusts a realm of `server`, which `guildhall directory setup` made for it."""
    port = free_port()
    realm = Realm(server, f"site-{port}", folder / "secrets", f"http://127.0.0.1:{port}")
    await realm.set_up()
    settings = _settings(folder, realm, port)
    async with (
        realm.admin() as admin,
        open_served(settings, system_clock, port=port) as site,
        _door(site, realm) as door,
    ):
        await admin.a_update_realm(realm.name, {"passwordPolicy": QUICK_HASHES})
        await admin.a_create_group({"name": GROUP})
        group = await realm.group(admin, GROUP)
        await _map(site, realm)
        opened = KeycloakSite(
            site.services,
            site.elsewhere,
            site.desk,
            site.http,
            site.teams,
            realm,
            admin,
            group,
            door,
            look_every=LOOK_EVERY,
        )
        yield opened
        await opened.leave()


def _settings(folder: Path, realm: Realm, port: int) -> Settings:
    return load_settings(data=folder / "var", server={"port": port}).model_copy(
        update={"sign_in": SignInSettings(issuers=(realm.issuer_settings,)), "directory": realm.settings}
    )


@asynccontextmanager
async def _door(site: Site, realm: Realm) -> AsyncIterator[httpx2.AsyncClient]:
    _, token = await add_credential(site.elsewhere, issuer=realm.issuer)
    headers = {"Authorization": f"Bearer {token.text}", "Content-Type": "application/scim+json"}
    transport = httpx2.ASGITransport(app=scim_application(site.elsewhere))
    address = f"{site.elsewhere.settings.base_url}/scim/v2"
    async with httpx2.AsyncClient(transport=transport, base_url=address, headers=headers) as client:
        yield client


async def _map(site: Site, realm: Realm) -> None:
    rule = MappingRule(
        issuer=realm.issuer,
        claim="groups",
        value=f"/{GROUP}",
        team_id=site.teams[GROUP],
        role=RuleRole.MEMBER,
        created=system_clock(),
    )
    await site.desk.add(rule)
