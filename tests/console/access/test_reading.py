"""Who read another person's request is in the log, and the request's own story stays as it was."""

from typing import Any

from tests.console.conftest import MovingClock
from tests.console.gateway.records import Worker
from tests.console.visitor import heads

READ = "access_request.read"


async def read_by(desk: Any, who: str, request: dict[str, Any]) -> None:
    assert (await desk.get(who, f"/access-requests/{request['id']}")).status_code == 200


async def test_a_reviewers_reading_is_one_entry_an_hour(desk: Any, services: Any, clock: MovingClock) -> None:
    request, worker, told = await desk.asked(), Worker(services), []
    for seconds in (0, 60, 3_000, 3_600):
        clock.forward(seconds)
        await read_by(desk, "reviewer", request)
        told.append(len(await heads(services, READ)))
        await worker.drain()
    assert told == [1, 0, 0, 1]


async def test_each_person_is_told_of_and_found_by_the_resource(
    desk: Any, services: Any, people: Any
) -> None:
    request = await desk.asked()
    before = await desk.heads(request["id"])
    for who in ("reviewer", "owner"):
        await read_by(desk, who, request)
    found = await heads(services, READ)
    assert [head["actor"] for head in found] == [str(people[who].id) for who in ("reviewer", "owner")]
    assert {head["resource"]["id"] for head in found} == {request["id"]}  # type: ignore[index]
    assert all(head["decision"] and "request" not in head for head in found)
    assert await desk.heads(request["id"]) == before


async def test_ones_own_request_and_the_lists_are_no_reading(desk: Any, services: Any) -> None:
    request = await desk.asked()
    await read_by(desk, "member", request)
    assert (await desk.get("reviewer", "/access-requests")).status_code == 200
    assert await heads(services, READ) == []


async def test_what_cannot_be_recorded_is_not_read(desk: Any, services: Any) -> None:
    request = await desk.asked()
    async with services.database.engine.execution_options(write=True).begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE outbox RENAME TO gone")
    answer = await desk.get("reviewer", f"/access-requests/{request['id']}")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["audit_unavailable"])
