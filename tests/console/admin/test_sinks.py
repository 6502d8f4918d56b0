"""The followers' page and API: who sees what, and what a test says and leaves behind."""

import pytest

from audit.sinks.cursor import Position, State, write_position
from console.services import Services
from tests.console.visitor import Visitor, heads, visit

pytestmark = pytest.mark.slow  # each builds the whole console


async def arrive(services: Services, person: str) -> Visitor:
    visitor = visit(services)
    await visitor.sign_in(person)
    return visitor


async def test_each_page_is_for_whom_it_is(services: Services, teams: object) -> None:
    seen = {}
    for person in ("member", "reviewer", "auditor", "admin"):
        visitor = await arrive(services, person)
        answer = await visitor.client.get("/admin/sinks")
        seen[person] = (answer.status_code, "/admin/sinks/file/test" in answer.text)
    assert seen == {
        "member": (403, False),
        "reviewer": (403, False),
        "auditor": (200, False),
        "admin": (200, True),
    }


async def test_an_admin_tests_a_follower_and_it_says_how_it_is(services: Services, teams: object) -> None:
    admin = await arrive(services, "admin")
    answer = await admin.client.post("/admin/sinks/file/test", data={"_csrf": await admin.token()})
    assert answer.status_code == 200
    assert "file answers" in answer.text
    assert "ecs.ndjson can be written." in answer.text


async def test_an_unknown_follower_is_not_found(services: Services, teams: object) -> None:
    admin = await arrive(services, "admin")
    answer = await admin.client.post("/admin/sinks/nothing/test", data={"_csrf": await admin.token()})
    assert answer.status_code == 404


async def test_only_an_admin_clears_an_alarm_and_the_act_is_in_the_log(
    services: Services, teams: object
) -> None:
    sentence = "file holds something else than the log as entry 3."
    await write_position(services.log.engine, "file", Position(9, State.ALARM, sentence, alarm_at=9), 0)
    auditor = await arrive(services, "auditor")
    assert "Clear" not in (await auditor.client.get("/admin/sinks")).text
    refused = await auditor.client.post("/admin/sinks/file/clear", data={"_csrf": await auditor.token()})
    assert refused.status_code == 403
    admin = await arrive(services, "admin")
    assert "the alarm of file" in (await admin.client.get("/admin/sinks")).text
    sent = await admin.client.post("/admin/sinks/file/clear", data={"_csrf": await admin.token()})
    assert (sent.status_code, sent.headers["location"]) == (303, "/admin/sinks")
    told = await heads(services, "sink.update")
    assert [(head["outcome"], head.get("flags")) for head in told] == [
        ("denied", None),
        ("success", ["clear:file"]),
    ]
    lost = await admin.client.post("/admin/sinks/nothing/clear", data={"_csrf": await admin.token()})
    assert lost.status_code == 404
