"""A realm of a real Keycloak that `guildhall directory setup` has made ready, with people in groups."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from keycloak import KeycloakAdmin

from console.directory.setup import AdminLogin, Done, set_up
from sso.directory_settings import DirectorySettings
from sso.keycloak.connection import open_as_admin
from sso.keycloak.setup.wanted import Place
from sso.settings import IssuerSettings
from tests.real.keycloak_server import KeycloakServer

URL = "http://127.0.0.1:8400"
GROUPS = ("risk", "retail", "auditors")
PASSWORD = "a-password-of-the-tests"


@dataclass
class Realm:
    """One realm, its administrator, and what setup kept of it."""

    server: KeycloakServer
    name: str
    secrets: Path
    url: str = URL
    people: dict[str, str] = field(default_factory=dict)

    @property
    def login(self) -> AdminLogin:
        return AdminLogin(self.server.url, self.server.admin_name, self.server.admin_password)

    @property
    def place(self) -> Place:
        return Place(self.name, self.url)

    @property
    def issuer(self) -> str:
        return f"{self.server.url}/realms/{self.name}"

    @property
    def client_id(self) -> str:
        return "guildhall"

    @property
    def client_secret(self) -> str:
        secret = self.issuer_settings.client_secret
        return secret.get_secret_value() if secret else ""

    @cached_property
    def issuer_settings(self) -> IssuerSettings:
        (found,) = json.loads((self.secrets / "issuers.json").read_text())
        return IssuerSettings.model_validate(found)

    @cached_property
    def settings(self) -> DirectorySettings:
        secret = (self.secrets / "directory.secret").read_text().strip()
        given = {"server_url": self.server.url, "realm": self.name, "client_secret": secret}
        return DirectorySettings.model_validate(given)

    async def set_up(self, *, dry_run: bool = False) -> Done:
        return await set_up(self.place, self.login, self.secrets, dry_run=dry_run)

    @asynccontextmanager
    async def admin(self, realm: str | None = None) -> AsyncIterator[KeycloakAdmin]:
        login = self.login
        async with open_as_admin(login.server, realm or self.name, login.user, login.password) as admin:
            yield admin

    async def person(self, handle: str, *groups: str) -> str:
        """Make somebody in these groups and return their id."""
        about = {
            "username": handle,
            "enabled": True,
            "email": f"{handle}@example.org",
            "emailVerified": True,
            "firstName": handle.title(),
            "lastName": "Tester",
            "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
        }
        async with self.admin() as admin:
            subject = await admin.a_create_user(about)
            for group in groups:
                await admin.a_group_user_add(subject, await self.group(admin, group))
        self.people[handle] = PASSWORD
        return str(subject)

    @staticmethod
    async def group(admin: KeycloakAdmin, name: str) -> str:
        return str((await admin.a_get_group_by_path(f"/{name}"))["id"])


def make_realm(server: KeycloakServer, name: str, secrets: Path) -> Realm:
    """Make a realm with setup alone, and the groups in it."""
    realm = Realm(server, name, secrets)

    async def make() -> None:
        await realm.set_up()
        async with realm.admin() as admin:
            for group in GROUPS:
                await admin.a_create_group({"name": group})

    asyncio.run(make())
    return realm
