"""The followers' page and API: who sees what, and what a test says and leaves behind."""

from console.services import Services
from tests.console.visitor import Visitor, visit


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
