from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit.checkpoints.trust import Trust
from audit.tree.range_proof import heads, verify_range
from audit.verify import verify
from tests.console.trail.test_events import narrow
from tests.console.trail.trail import Trail

pytestmark = pytest.mark.slow

PATH = "/api/v1/audit/range"


async def test_a_range_is_taken_away_and_holds_offline(trail: Trail, tmp_path: Path) -> None:
    for _ in range(5):
        await trail.happen()
    await trail.settle()
    answer = await trail.get("auditor", PATH, first=1, last=4)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    path = tmp_path / "1-4.range"
    path.write_bytes(answer.content)
    verdict = verify(path, trail.vkey)
    assert verdict.ok
    assert "entries 1 to 4" in verdict.sentence
    assert "4 of 4 shown" in verdict.sentence


async def test_a_scoped_auditor_sees_hashes_in_the_place_of_what_is_not_theirs(trail: Trail) -> None:
    wanted = [await trail.happen(route=route) for route in ("risk.credit-default", "vision.digits") * 2]
    await trail.settle()
    await narrow(trail, '["risk"]')
    answer = await trail.get("auditor", PATH, first=0, last=4)
    proof, _ = verify_range(answer.content, Trust.of_keys([trail.vkey]), now=0)
    shown = b" ".join(head for _, head in heads(proof)).decode()
    assert [str(one) in shown for one in wanted] == [True, False, True, False]
    assert len(proof.places) == 5


async def test_a_range_needs_an_auditor_and_is_recorded(trail: Trail) -> None:
    await trail.happen()
    await trail.settle()
    assert (await trail.get("member", PATH, first=0, last=1)).status_code == 403
    await trail.get("auditor", PATH, first=0, last=1)
    await trail.settle()
    found = (await trail.get("auditor", "/api/v1/audit/events", q="action:audit.export")).json()["items"]
    assert [(item["actor"]["name"], item["outcome"]) for item in found] == [
        ("Demo auditor", "success"),
        ("Demo member", "denied"),
    ]


async def test_what_is_no_range_is_said(trail: Trail) -> None:
    await trail.settle()
    for first, last, status in ((1, 0, 422), (0, 5_000, 422), (0, 999, 404), (10**15, 10**15, 404)):
        assert (await trail.get("auditor", PATH, first=first, last=last)).status_code == status, (first, last)


async def test_the_log_is_asked_by_time_and_decision(trail: Trail) -> None:
    now = trail.services.clock()  # once, so that no midnight comes between
    first, second = await trail.happen(at=now), await trail.happen(at=now + 1)
    await trail.settle()
    everything = (await trail.get("auditor", "/api/v1/audit/events", q="action:model.invoke")).json()["items"]
    times = {item["id"]: item["time"] for item in everything}
    asked = f"time:{times[str(second)]}.. action:model.invoke"
    found = (await trail.get("auditor", "/api/v1/audit/events", q=asked)).json()["items"]
    assert [item["id"] for item in found] == [str(second)]
    day = times[str(first)][:10]
    found = (await trail.get("auditor", "/api/v1/audit/events", q=f"time:{day} action:model.*")).json()[
        "items"
    ]
    assert len(found) == 2


async def test_pages_of_a_day_have_no_gap_and_no_repetition(trail: Trail) -> None:
    now = trail.services.clock()  # once, so that no midnight comes between
    for number in range(7):
        await trail.happen(at=now + number)
    await trail.settle()
    everything = (await trail.get("auditor", "/api/v1/audit/events", q="action:model.invoke")).json()["items"]
    day = everything[0]["time"][:10]
    for order in ("newest", "oldest"):
        found = [index async for index in walk(trail, f"time:{day} action:model.invoke", order)]
        expected = [item["index"] for item in everything]
        assert found == (expected if order == "newest" else expected[::-1])


async def walk(trail: Trail, query: str, order: str) -> AsyncIterator[int]:
    """Read page by page, three entries at a time."""
    after: str | None = ""
    while after is not None:
        page = await trail.get("auditor", "/api/v1/audit/events", q=query, limit=3, order=order, after=after)
        for item in page.json()["items"]:
            yield item["index"]
        after = page.json()["next"]
