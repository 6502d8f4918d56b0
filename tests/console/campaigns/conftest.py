"""A desk at which access is granted and reviewed over HTTP."""

from dataclasses import dataclass
from typing import Any

import pytest

from console.campaigns.watch import keep_reviews
from tests.console.access.conftest import Desk, desk
from tests.console.conftest import MovingClock

__all__ = ["desk"]
DAY = 86_400


@dataclass
class Reviews:
    """Opens rounds, answers, and lets the worker do its part."""

    desk: Desk
    clock: MovingClock

    async def open(self, who: str = "admin", **scope: Any) -> dict[str, Any]:
        sent = await self.desk.call(who, "POST", "/campaigns", json={"reason": "Yearly review", **scope})
        assert sent.status_code == 201, sent.text
        return sent.json()  # type: ignore[no-any-return]

    async def items(self, campaign: dict[str, Any], who: str = "owner") -> list[dict[str, Any]]:
        found = await self.desk.get(who, f"/campaigns/{campaign['id']}/items")
        assert found.status_code == 200, found.text
        return found.json()["items"]  # type: ignore[no-any-return]

    async def answer(self, who: str, campaign: dict[str, Any], *items: dict[str, Any], **rest: Any) -> Any:
        answer = rest.pop("answer", "keep")
        call = {"step_up": rest.pop("step_up", True)}
        if "token" in rest:
            call["token"] = rest.pop("token")
        body = {
            "answers": [
                {"id": one["id"], "answer": answer, "content_hash": one["content_hash"]} for one in items
            ],
            "meaning": "I answer for this use",
            "reason": "No longer needed",
        } | rest
        path = f"/campaigns/{campaign['id']}/answers"
        return await self.desk.call(who, "POST", path, json=body, **call)

    async def read(self, campaign: dict[str, Any], who: str = "owner") -> dict[str, Any]:
        return (await self.desk.get(who, f"/campaigns/{campaign['id']}")).json()  # type: ignore[no-any-return]

    async def work(self) -> tuple[int, int]:
        """What the worker does each half minute."""
        return await keep_reviews(self.desk.services)

    async def acts(self, action: str) -> list[dict[str, Any]]:
        return [head for head in await self.desk._waiting() if head["action"] == action]

    async def grants(self) -> list[dict[str, Any]]:
        return (await self.desk.get("owner", "/grants")).json()["items"]  # type: ignore[no-any-return]


@pytest.fixture
def reviews(desk: Desk, clock: MovingClock) -> Reviews:
    return Reviews(desk, clock)
