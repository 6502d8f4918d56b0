"""People at the API of keys, and programs that use what they made."""

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from console.services import Services
from tests.console.conftest import Catalog, TokenFor


@dataclass
class KeyDesk:
    """Calls the API as somebody by a sign-in, or as a program by a key."""

    client: httpx2.AsyncClient
    token_for: TokenFor
    services: Services

    async def call(self, who: str, method: str, path: str, **rest: Any) -> httpx2.Response:
        return await self.with_bearer(self.token_for(who), method, path, **rest)

    async def with_bearer(self, bearer: str, method: str, path: str, **rest: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {bearer}"}
        return await self.client.request(method, path, headers=headers, **rest)

    async def create(self, who: str = "member", **changes: Any) -> httpx2.Response:
        body = {"name": "nightly scoring", "scopes": ["model.invoke", "self.read"], "days": 30}
        return await self.call(who, "POST", "/keys", json=body | changes)

    async def made(self, who: str = "member", **changes: Any) -> dict[str, Any]:
        response = await self.create(who, **changes)
        assert response.status_code == 201, response.text
        return response.json()  # type: ignore[no-any-return]

    async def me(self, key: str) -> httpx2.Response:
        return await self.with_bearer(key, "GET", "/me")

    async def service(self, who: str = "owner", **changes: Any) -> dict[str, Any]:
        body = {"team": "risk", "name": "nightly", "purpose": "Scores the day's applications"}
        response = await self.call(who, "POST", "/service-accounts", json=body | changes)
        assert response.status_code == 201, response.text
        return response.json()  # type: ignore[no-any-return]


@pytest.fixture
def desk(
    services: Services, api: httpx2.AsyncClient, token_for: TokenFor, catalog: Catalog, people: object
) -> KeyDesk:
    """The demo's people at the API."""
    return KeyDesk(api, token_for, services)
