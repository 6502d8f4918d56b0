from uuid import UUID

import pytest
from sqlmodel import col, select
from uuid_utils.compat import uuid7

from audit.event import Outcome
from audit.events import Action
from console.erasure.person import erase_person
from console.erasure.settle import settle_erasures
from console.pseudonyms import pseudonym
from console.questions import Origin
from console.work import UnitOfWork
from sso.models import PlatformRole, RoleAssignment
from sso.principal import system_principal
from tests.console.trail.trail import Trail

pytestmark = pytest.mark.slow  # each fills and signs a log

EVENTS = "/api/v1/audit/events"


async def test_a_handle_finds_what_was_denied_and_what_succeeded(trail: Trail) -> None:
    denied = await trail.happen(outcome=Outcome.DENIED, reasons=["no_grant"])
    allowed = await trail.happen()
    await trail.happen(actor="owner")
    await trail.settle()
    answer = await trail.get("auditor", EVENTS, q="actor:member action:model.invoke")
    items = answer.json()["items"]
    assert [(item["id"], item["outcome"]) for item in items] == [
        (str(allowed), "success"),
        (str(denied), "denied"),
    ]
    assert items[1]["reasons"] == ["no_grant"]
    assert items[1]["actor"] == {"id": str(trail.people["member"]), "name": "Demo member"}
    assert items[1]["resource"]["name"] == "risk.credit-default"
    assert items[1]["sentence"] == "Demo member called risk.credit-default, and was refused."


async def test_a_route_is_found_by_its_name(trail: Trail) -> None:
    await trail.happen(route="vision.digits")
    wanted = await trail.happen()
    await trail.settle()
    answer = await trail.get("auditor", EVENTS, q="resource:risk.credit-default")
    assert [item["id"] for item in answer.json()["items"]] == [str(wanted)]


async def test_what_cannot_be_answered_is_refused_with_its_column(trail: Trail) -> None:
    for query, column, words in (
        ("action:model.* actr:member", 16, "did you mean actor?"),
        ("actor:nobody", 7, "no person has the handle nobody"),
        ("resource:risk.nothing", 10, "no route has the name risk.nothing"),
    ):
        answer = await trail.get("auditor", EVENTS, q=query)
        assert answer.status_code == 422
        assert answer.json()["reasons"] == ["invalid_query", f"column:{column}"]
        assert answer.json()["fields"]["q"].startswith(f"Column {column}: ")
        assert words in answer.json()["fields"]["q"]


async def test_only_auditors_read_the_log(trail: Trail) -> None:
    for person in ("member", "owner", "reviewer", "admin"):
        answer = await trail.get(person, EVENTS)
        assert answer.status_code == 403
        assert "role_missing:auditor" in answer.json()["reasons"]
    await trail.settle()
    found = await trail.get("auditor", EVENTS, q="action:audit.read outcome:denied")
    assert len(found.json()["items"]) == 4


async def test_nobody_reads_the_log_unknown(trail: Trail) -> None:
    assert (await trail.http.get(EVENTS)).status_code == 401


async def test_each_read_is_itself_an_entry_without_names(trail: Trail) -> None:
    await trail.get("auditor", EVENTS, q="actor:member")
    await trail.settle()
    found = (await trail.get("auditor", EVENTS, q="actor:auditor action:audit.read")).json()["items"]
    assert len(found) == 1
    detail = (await trail.get("auditor", f"{EVENTS}/{found[0]['id']}")).json()
    query = next(part for part in detail["parts"] if part["name"] == "query")
    assert query["content"]["q"] == f"actor:{trail.people['member']}"


async def test_pages_show_every_entry_once_while_entries_are_added(trail: Trail) -> None:
    for order in ("newest", "oldest"):
        before = {str(await trail.happen()) for _ in range(7)}
        await trail.settle()
        seen: list[str] = []
        after = ""
        while after is not None and not before <= set(seen):
            asked = {"q": "action:model.invoke", "order": order, "limit": 3, "after": after}
            page = (await trail.get("auditor", EVENTS, **asked)).json()
            seen += [item["id"] for item in page["items"]]
            after = page["next"]
            await trail.happen()
            await trail.settle()
        assert before <= set(seen)
        assert len(seen) == len(set(seen))


async def test_a_page_marker_of_another_kind_is_refused(trail: Trail) -> None:
    for marker in ("nonsense", "WyJ4Il0", "Wy0xXQ", "WzEwMDAwMDAwMDAwMDAwMDAwMDAwXQ"):
        answer = await trail.get("auditor", EVENTS, after=marker)
        assert (answer.status_code, answer.json()["reasons"]) == (422, ["invalid_cursor"])


async def test_a_scoped_auditor_reads_only_what_is_about_routes_of_own_teams(trail: Trail) -> None:
    await narrow(trail, '["vision"]')
    own = await trail.happen(route="vision.digits")
    other = await trail.happen()
    await trail.settle()
    found = (await trail.get("auditor", EVENTS)).json()["items"]
    assert [item["id"] for item in found] == [str(own)]
    assert (await trail.get("auditor", EVENTS, q=f"id:{other}")).json()["items"] == []
    assert (await trail.get("auditor", EVENTS, q="resource:risk.credit-default")).status_code == 422
    assert (await trail.get("auditor", f"{EVENTS}/{own}")).status_code == 200
    for path in (f"{EVENTS}/{other}", f"{EVENTS}/{other}/proof", f"{EVENTS}/{uuid7()}"):
        assert (await trail.get("auditor", path)).status_code == 403, path


async def test_a_scope_of_teams_without_routes_shows_nothing(trail: Trail) -> None:
    await narrow(trail, '["retail"]')
    await trail.happen()
    await trail.settle()
    assert (await trail.get("auditor", EVENTS)).json() == {"items": [], "next": None}


async def test_an_entry_shows_its_parts_until_the_person_is_erased(trail: Trail) -> None:
    event = await trail.happen()
    await trail.settle()
    shown = (await trail.get("auditor", f"{EVENTS}/{event}")).json()
    assert [(part["name"], part["state"]) for part in shown["parts"]] == [("call", "open"), ("actor", "open")]
    assert shown["parts"][1]["content"] == {"interface": "api"}
    await erase(trail, trail.people["member"])
    shown = (await trail.get("auditor", f"{EVENTS}/{event}")).json()
    assert [(part["name"], part["state"]) for part in shown["parts"]] == [
        ("call", "open"),
        ("actor", "erased"),
    ]
    assert shown["parts"][1]["content"] is None
    assert shown["actor"] == {"id": str(trail.people["member"]), "name": None}
    assert shown["sentence"] == f"An {pseudonym(trail.people['member'])} called risk.credit-default."


async def test_an_erased_person_is_found_by_id_and_no_more_by_handle(trail: Trail) -> None:
    person, event = trail.people["member"], await trail.happen()
    await erase(trail, person)
    await trail.settle()
    by_handle = await trail.get("auditor", EVENTS, q="actor:member")
    assert (by_handle.status_code, by_handle.json()["reasons"]) == (422, ["invalid_query", "column:7"])
    found = (await trail.get("auditor", EVENTS, q=f"actor:{person}")).json()["items"]
    assert [item["id"] for item in found] == [str(event)]
    (erasing,) = (await trail.get("auditor", EVENTS, q="action:subject.erase")).json()["items"]
    assert erasing["sentence"] == f"The personal data of an {pseudonym(person)} were erased."


async def test_an_entry_that_does_not_exist_is_not_found(trail: Trail) -> None:
    assert (await trail.get("auditor", f"{EVENTS}/{uuid7()}")).status_code == 404
    assert (await trail.get("member", f"{EVENTS}/{uuid7()}")).status_code == 403


async def test_an_entry_of_ones_own_is_no_right_to_its_parts(trail: Trail) -> None:
    event = await trail.happen(action=Action.MODEL_DESCRIBE)
    await trail.settle()
    assert (await trail.get("member", f"{EVENTS}/{event}")).status_code == 403


async def narrow(trail: Trail, scope: str) -> None:
    async with trail.services.database.write() as session:
        wanted = select(RoleAssignment).where(col(RoleAssignment.role) == PlatformRole.AUDITOR)
        (await session.exec(wanted)).one().scope = scope


async def erase(trail: Trail, person: UUID) -> None:
    work = UnitOfWork(trail.services, system_principal("worker"), Origin("process"))
    async with work.write() as session:
        await erase_person(work, session, person)
    await settle_erasures(trail.services)
