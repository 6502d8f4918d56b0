"""People who manage people: the demo's five, a second admin, and the API as somebody."""

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from console.services import Services
from sso.dev.people import DEMO_PEOPLE
from tests.console.conftest import Admit
from tests.console.visitor import heads


@dataclass
class Desk:
    """Calls the API as one of the demo's people."""

    client: httpx2.AsyncClient
    token_for: Any
    services: Services

    async def call(self, who: str, method: str, path: str, **rest: Any) -> httpx2.Response:
        bearer = self.token_for(who, step_up=rest.pop("step_up", False))
        return await self.client.request(method, path, headers={"authorization": f"Bearer {bearer}"}, **rest)

    async def get(self, who: str, path: str, **params: Any) -> dict[str, Any]:
        found = await self.call(who, "GET", path, params=params)
        assert found.status_code == 200, found.text
        return found.json()  # type: ignore[no-any-return]

    async def post(self, who: str, path: str, **body: Any) -> httpx2.Response:
        return await self.call(who, "POST", path, json=body)

    async def join(self, who: str, **body: Any) -> httpx2.Response:
        """Put the demo's member into team risk, or whatever `body` says."""
        wanted = {"person": "member", "team": "risk", "role": "member", "reason": "Works there now"}
        return await self.post(who, "/memberships", **wanted | body)

    async def approve(self, who: str, change: dict[str, Any]) -> httpx2.Response:
        review = {
            "decision": "approve",
            "meaning": "I know why they need it",
            "content_hash": change["content_hash"],
        }
        return await self.call(who, "POST", f"/changes/{change['id']}/reviews", json=review, step_up=True)

    async def person(self, handle: str) -> dict[str, Any]:
        """Return somebody as an admin reads them."""
        found = (await self.get("admin", "/people", q=handle))["items"]
        (one,) = [item for item in found if item["handle"] == handle]
        return await self.get("admin", f"/people/{one['id']}")

    async def acts(self, action: str) -> list[dict[str, Any]]:
        return await heads(self.services, action)


@pytest.fixture
def desk(api: httpx2.AsyncClient, token_for: Any, services: Services) -> Desk:
    return Desk(api, token_for, services)


@pytest.fixture
async def second(admit: Admit, people: object) -> None:
    """A second admin has signed in: the first days are over."""
    await admit("second", DEMO_PEOPLE["admin"].groups)
