"""A call on a version that is no longer what was approved is refused, with a reason of its own."""

from typing import Any

import httpx2
import pytest
from sqlmodel import select

from console.models import Deployment, RouteTarget
from tests.console.gateway.clusters import ScriptedCluster, dripping
from tests.console.gateway.conftest import CREDIT, Desk, eventually

pytestmark = pytest.mark.slow  # each starts a server of its own


async def turn(desk: Desk, label: str, differs: str) -> None:
    """Let the poll have found this of the version with that label."""
    async with desk.services.database.write() as session:
        rows = await session.exec(
            select(Deployment).join(RouteTarget).where(RouteTarget.label == label)  # type: ignore[arg-type]
        )
        for row in rows:
            row.differs = differs
            session.add(row)


async def test_it_is_refused_recorded_and_never_forwarded(granted: Desk, cluster: ScriptedCluster) -> None:
    await turn(granted, "1", "inputs")
    answer = await granted.call()
    assert (answer.status_code, answer.json()["reasons"]) == (403, ["version_differs"])
    (kept,) = granted.kept()
    assert kept.ended == ("denied", ("version_differs",))
    assert answer.headers["guildhall-audit-id"] == kept.id
    for path in (CREDIT, f"{CREDIT}/ready"):
        assert (await granted.get(path)).json()["reasons"] == ["version_differs"]
    assert cluster.requests == []
    await turn(granted, "1", "")
    assert (await granted.call()).status_code == 200


async def test_another_version_does_not_take_its_place_unasked(desk: Desk, people: Any) -> None:
    async with ScriptedCluster.open() as cluster:
        await desk.serve(cluster.url, {"1": 100, "2": 0})
        await desk.grant(people["member"].id)
        await turn(desk, "1", "artifact")
        assert (await desk.call()).status_code == 403
        assert (await desk.call(f"{CREDIT}/versions/2/infer")).status_code == 200
        assert (await desk.call(f"{CREDIT}/versions/1/infer")).status_code == 403


async def test_an_open_answer_ends_with_it(granted: Desk, cluster: ScriptedCluster) -> None:
    cluster.behave = dripping(b"x")
    async with granted.http.stream(
        "POST", f"{CREDIT}/infer", content=b'{"inputs":[]}', headers=granted.headers("member")
    ) as answer:
        assert answer.status_code == 200
        await turn(granted, "1", "inputs")
        with pytest.raises(httpx2.HTTPError):
            async for _ in answer.aiter_raw():
                pass
    await eventually(lambda: granted.kept()[0].outcome is not None)
    assert "version_differs" in granted.kept()[0].ended[1]
