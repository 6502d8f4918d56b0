"""A desk at which the demo's people ask and answer over HTTP, and what the log will hold of it."""

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from sqlmodel import col, select

from audit.models import Outbox, RowVersion
from audit.record import Record
from console.services import Services

PURPOSE = "Score applications of small shops"


@dataclass
class Desk:
    """Calls the API as somebody; each call is by a sign-in of its own unless a token is given."""

    client: httpx2.AsyncClient
    token_for: Any
    services: Services

    async def call(self, who: str, method: str, path: str, **rest: Any) -> httpx2.Response:
        step_up, token = rest.pop("step_up", False), rest.pop("token", None)
        bearer = token or self.token_for(who, step_up=step_up)
        return await self.client.request(method, path, headers={"authorization": f"Bearer {bearer}"}, **rest)

    async def get(self, who: str, path: str, **params: Any) -> httpx2.Response:
        return await self.call(who, "GET", path, params=params)

    async def ask(self, who: str = "member", **changes: Any) -> httpx2.Response:
        body = {"route": "risk.credit-default", "team": "retail", "purpose": PURPOSE, "duration_days": 30}
        return await self.call(who, "POST", "/access-requests", json=body | changes)

    async def asked(self, who: str = "member", **changes: Any) -> dict[str, Any]:
        response = await self.ask(who, **changes)
        assert response.status_code == 201, response.text
        return response.json()  # type: ignore[no-any-return]

    async def answer(self, who: str, request: dict[str, Any], **rest: Any) -> httpx2.Response:
        call = {name: rest.pop(name) for name in ("step_up", "token") if name in rest}
        path = f"/access-requests/{request['id']}/reviews"
        return await self.call(who, "POST", path, json=review_of(request) | rest, **{"step_up": True} | call)

    async def approved(self) -> dict[str, Any]:
        """Ask, and let owner and reviewer approve; return the last answer with the grant's id."""
        request = await self.asked()
        assert (await self.answer("owner", request)).status_code == 201
        return (await self.answer("reviewer", request)).json()  # type: ignore[no-any-return]

    async def heads(self, request_id: str) -> list[dict[str, Any]]:
        """Return the heads, by time, of what is on its way to the log about one request."""
        return [head for head in await self._waiting() if head.get("request") == request_id]

    async def refusals(self, request_id: str) -> list[dict[str, Any]]:
        """Return the heads of refused acts on one request: they name it as what was acted on."""
        denied = [head for head in await self._waiting() if head["outcome"] == "denied"]
        return [head for head in denied if head["resource"].get("id") == request_id]

    async def _waiting(self) -> list[dict[str, Any]]:
        async with self.services.database.read() as session:
            rows = await session.exec(select(Outbox).order_by(col(Outbox.created), col(Outbox.event_id)))
            return [dict(Record.from_bytes(row.record).head_fields) for row in rows]

    async def history(self, kind: str) -> list[RowVersion]:
        """Return the versions of all rows of a kind, oldest first."""
        async with self.services.database.read() as session:
            query = select(RowVersion).where(col(RowVersion.kind) == kind).order_by(col(RowVersion.sequence))
            return list(await session.exec(query))


def review_of(request: dict[str, Any]) -> dict[str, Any]:
    return {
        "decision": "approve",
        "meaning": "I answer for this use",
        "reason": "",
        "content_hash": request["content_hash"],
    }


@pytest.fixture
def desk(api: httpx2.AsyncClient, token_for: Any, services: Services, catalog: object) -> Desk:
    return Desk(api, token_for, services)
