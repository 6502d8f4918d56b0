"""A browser's part of the pages, without a browser: cookies, the provider's choice of a person, forms."""

import re
from dataclasses import dataclass

import httpx2
from sqlmodel import col, select

from audit.models import Outbox
from audit.record import Record
from console.asgi import ASGIApp, KnownHosts
from console.serve import own_addresses, surround
from console.services import Services
from sso.models import Session
from tests.console.one_app import console_on
from tests.sso.journey import choose

COOKIE = "guildhall"
TOKEN = re.compile(r'name="_csrf" value="([0-9a-f]{64})"')


@dataclass
class Visitor:
    """One browser at the console, as `guildhall serve` confines it."""

    services: Services
    client: httpx2.AsyncClient

    @property
    def cookie(self) -> str | None:
        return self.client.cookies.get(COOKIE)

    async def leave(self, path: str = "/sign-in", **params: str) -> str:
        """Start a sign-in; return where the provider is asked."""
        sent = await self.client.get(path, params=params)
        assert sent.status_code == 302, sent.text
        return str(sent.headers["location"])

    async def come_back(self, address: str, person: str, **changes: str) -> httpx2.Response:
        """Choose a person at the provider and follow the answer to the callback."""
        answer = await choose(self.services.http, address, person)
        return await self.client.get("/sign-in/callback", params=answer | changes)

    async def sign_in(self, person: str, path: str = "/sign-in", **params: str) -> httpx2.Response:
        signed = await self.come_back(await self.leave(path, **params), person)
        assert signed.status_code == 302, signed.text
        return signed

    async def token(self) -> str:
        """Return the CSRF token that a page of ours carries."""
        page = await self.client.get("/me")
        assert page.status_code == 200, page.text
        found = TOKEN.search(page.text)
        assert found is not None
        return found[1]


def confined(services: Services) -> ASGIApp:
    """The console as the embedded profile serves it."""
    return KnownHosts(surround(services, "console", console_on(services)), *own_addresses(services.settings))


def visit(services: Services) -> Visitor:
    """Open a browser of its own."""
    transport = httpx2.ASGITransport(app=confined(services), client=("127.0.0.1", 40_000))
    return Visitor(services, httpx2.AsyncClient(transport=transport, base_url=services.settings.base_url))


async def heads(services: Services, action: str | None = None) -> list[dict[str, object]]:
    """Return the heads that wait for the log, by time, of one action or of all."""
    async with services.database.read() as session:
        rows = await session.exec(select(Outbox).order_by(col(Outbox.created), col(Outbox.event_id)))
        found = [dict(Record.from_bytes(row.record).head_fields) for row in rows]
    return [head for head in found if action in (None, head["action"])]


async def sessions_of(services: Services) -> list[Session]:
    """Return every browser session, oldest first."""
    async with services.database.read() as session:
        return list(await session.exec(select(Session).order_by(col(Session.created))))
