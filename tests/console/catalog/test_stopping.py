from typing import Any

import pytest

from audit.history import state_digest
from console.catalog.queries import route_detail
from console.catalog.stopping import start_route, stop_route
from console.errors import NotFoundError, RefusedError
from console.models import Route, RouteState
from console.services import Services
from tests.console.catalog.conftest import Heads, history_of, opened, parts_of, rows_of
from tests.console.conftest import Admit, WorkAs

pytestmark = pytest.mark.slow  # each builds the whole console

CREDIT, TUMOUR = "risk.credit-default", "health.tumour-screen"


async def state(services: Services, name: str) -> tuple[str, str | None]:
    [route] = [row for row in await rows_of(services, Route) if row.name == name]
    return route.state.value, route.stop_reason


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize("who", ["owner", "admin", "reviewer"])
@pytest.mark.parametrize("name", [CREDIT, TUMOUR])
async def test_owner_admin_and_reviewer_stop_a_route_alone(
    who: str, name: str, services: Services, work_as: WorkAs, heads: Heads
) -> None:
    await stop_route(await work_as(who), name, "wrong answers")
    assert await state(services, name) == ("stopped", "wrong answers")
    [head] = await heads("route.stop")
    [(kind, kept, row_hash)] = await history_of(services, head["id"])
    assert (kind, kept["state"], head["outcome"]) == ("route", "stopped", "success")
    assert head["state"] == state_digest([row_hash])


@pytest.mark.usefixtures("catalog")
async def test_the_record_tells_before_after_and_why(services: Services, work_as: WorkAs) -> None:
    await stop_route(await work_as("reviewer"), CREDIT, "wrong answers")
    work = await work_as("owner")
    await start_route(work, CREDIT, "mended")
    parts = {part.name: part for part in await parts_of(services, "route.start")}
    [row] = (await opened(services, parts["change"]))["rows"]
    assert (row["before"], row["after"]) == ({"state": "stopped"}, {"state": "active"})
    assert (row["kind"], parts["change"].subject) == ("route", None)
    assert await opened(services, parts["route"]) == {"name": CREDIT}
    assert await opened(services, parts["reason"]) == {"reason": "mended"}
    assert parts["reason"].subject == work.principal.id


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize("who", ["owner", "admin"])
async def test_owner_and_admin_start_it_again(
    who: str, services: Services, work_as: WorkAs, heads: Heads
) -> None:
    await stop_route(await work_as("reviewer"), CREDIT, "wrong answers")
    await start_route(await work_as(who), CREDIT, "mended")
    assert await state(services, CREDIT) == ("active", None)
    [head] = await heads("route.start")
    [(_, kept, _)] = await history_of(services, head["id"])
    assert kept["state"] == "active"


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    ("who", "act"),
    [
        ("member", stop_route),
        ("auditor", stop_route),
        ("member", start_route),
        ("auditor", start_route),
        ("reviewer", start_route),
    ],
)
async def test_others_are_refused_and_that_is_recorded(
    who: str, act: Any, services: Services, work_as: WorkAs, heads: Heads
) -> None:
    before = RouteState.ACTIVE if act is stop_route else RouteState.STOPPED
    if before is RouteState.STOPPED:
        await stop_route(await work_as("owner"), CREDIT, "wrong answers")
    with pytest.raises(RefusedError) as error:
        await act(await work_as(who), CREDIT, "because I can")
    assert error.value.decision_id is not None
    assert (await state(services, CREDIT))[0] == before.value
    action = "route.stop" if act is stop_route else "route.start"
    assert (await heads(action))[-1]["outcome"] == "denied"


@pytest.mark.usefixtures("catalog", "people")
async def test_the_owner_of_another_team_is_refused(
    services: Services, admit: Admit, work_as: WorkAs
) -> None:
    await admit("other", ("vision-owners",))
    work = await work_as("other")
    with pytest.raises(RefusedError):
        await stop_route(work, CREDIT, "not mine")
    with pytest.raises(NotFoundError):
        await stop_route(work, TUMOUR, "not mine")
    assert {row.state for row in await rows_of(services, Route)} == {RouteState.ACTIVE}


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize("who", ["member", "auditor"])
async def test_a_hidden_route_looks_like_none_to_strangers_only(who: str, work_as: WorkAs) -> None:
    hidden = NotFoundError if who == "member" else RefusedError
    for act in (stop_route, start_route):
        with pytest.raises(hidden):
            await act(await work_as(who), TUMOUR, "because")


@pytest.mark.usefixtures("catalog")
async def test_what_does_not_exist_answers_like_what_is_hidden(work_as: WorkAs) -> None:
    answers = set()
    for name in (TUMOUR, "health.no-such", "no route at all", "a\0b", "health"):
        for act in (stop_route, start_route):
            with pytest.raises(NotFoundError) as error:
                await act(await work_as("member"), name, "because")
            answers.add((error.value.detail, tuple(error.value.reasons)))
        with pytest.raises(NotFoundError) as error:
            await route_detail(await work_as("member"), name)
        answers.add((error.value.detail, tuple(error.value.reasons)))
    assert len(answers) == 1
