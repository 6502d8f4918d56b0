"""The whole way: access is granted and used, a round is opened, nobody answers, the call is refused."""

from typing import Any

import pytest
from sqlmodel import select

from console.campaigns.watch import keep_reviews
from policy.models import Grant
from tests.console.campaigns.conftest import DAY
from tests.console.conftest import MovingClock
from tests.console.gateway.clusters import ScriptedCluster
from tests.console.gateway.conftest import Desk as Gateway
from tests.console.gateway.conftest import cluster, desk, gateway, granted, settings

__all__ = ["cluster", "desk", "gateway", "granted", "settings"]
pytestmark = pytest.mark.slow  # it starts a server of its own


async def test_silence_refuses_the_next_call(
    granted: Gateway, api: Any, clock: MovingClock, cluster: ScriptedCluster
) -> None:
    await extend(granted)
    assert (await granted.call()).status_code == 200
    opened = await api.post("/campaigns", json={"reason": "Yearly"}, headers=granted.headers("admin"))
    assert opened.status_code == 201, opened.text
    path = f"/campaigns/{opened.json()['id']}"
    assert (await api.get(path, headers=granted.headers("owner"))).json()["state"] == "running"
    clock.forward(13 * DAY)
    assert await keep_reviews(granted.services) == (0, 0)
    assert (await granted.call()).status_code == 200
    clock.forward(DAY)
    assert (await api.get(path, headers=granted.headers("owner"))).json()["state"] == "overdue"
    assert await keep_reviews(granted.services) == (0, 1)
    seen = len(cluster.requests)
    refused = await granted.call()
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["no_grant"])
    assert len(cluster.requests) == seen


async def extend(granted: Gateway) -> None:
    """Let the grant outlast the round."""
    async with granted.services.database.write() as session:
        grant = (await session.exec(select(Grant))).one()
        grant.ends += 60 * DAY * 1_000_000
        session.add(grant)
