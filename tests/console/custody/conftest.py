"""An office in which the demo's people ask for changes of what is kept, and answer them, over HTTP."""

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from console.services import Services
from tests.console.visitor import heads


@dataclass
class Office:
    """Calls the API as somebody; each call is by a sign-in of its own unless a token is given."""

    client: httpx2.AsyncClient
    token_for: Any
    services: Services

    async def call(self, who: str, method: str, path: str, **rest: Any) -> httpx2.Response:
        step_up, token = rest.pop("step_up", False), rest.pop("token", None)
        bearer = token or self.token_for(who, step_up=step_up)
        return await self.client.request(method, path, headers={"authorization": f"Bearer {bearer}"}, **rest)

    async def get(self, who: str, path: str, **params: Any) -> dict[str, Any]:
        found = await self.call(who, "GET", path, params=params)
        assert found.status_code == 200, found.text
        return found.json()  # type: ignore[no-any-return]

    async def ask(self, who: str, path: str, **body: Any) -> dict[str, Any]:
        """Ask for a change that may be asked for."""
        made = await self.call(who, "POST", path, json={"reason": "Because of case 4711"} | body)
        assert made.status_code == 201, made.text
        return made.json()  # type: ignore[no-any-return]

    async def refused(self, who: str, path: str, **body: Any) -> tuple[int, list[str]]:
        """Ask for what may not be asked for; return the status and the reasons."""
        answer = await self.call(who, "POST", path, json={"reason": "Because of case 4711"} | body)
        return answer.status_code, answer.json().get("reasons", [])

    async def answer(self, who: str, change: dict[str, Any], **rest: Any) -> httpx2.Response:
        call = {name: rest.pop(name) for name in ("step_up", "token") if name in rest}
        review = {
            "decision": "approve",
            "meaning": "I have looked at it",
            "reason": "",
            "content_hash": change["content_hash"],
        }
        path = f"/changes/{change['id']}/reviews"
        return await self.call(who, "POST", path, json=review | rest, **{"step_up": True} | call)

    async def approve(self, change: dict[str, Any]) -> None:
        """Let the reviewer approve it."""
        answered = await self.answer("reviewer", change)
        assert answered.status_code == 201, answered.text
        assert answered.json()["state"] == "approved"

    async def acts(self, change: dict[str, Any]) -> list[str]:
        """Return what the log will hold of a change, as actions in order."""
        found = [head for head in await heads(self.services) if head.get("request") == change["id"]]
        return [str(head["action"]) for head in found]


@pytest.fixture
def office(api: httpx2.AsyncClient, token_for: Any, services: Services) -> Office:
    return Office(api, token_for, services)
