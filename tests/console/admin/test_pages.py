"""The admin pages: each for whom it is, and forms that say what is wrong."""

import pytest

from console.admin.progress import LogProgress
from console.services import Services
from tests.console.conftest import Admit
from tests.console.visitor import Visitor, visit

pytestmark = pytest.mark.slow  # each builds the whole console

PAGES = ("/admin", "/admin/clusters", "/people/rules")
NOW = 1_800_000_000_000_000


async def arrive(services: Services, person: str) -> Visitor:
    visitor = visit(services)
    await visitor.sign_in(person)
    return visitor


async def test_each_page_is_for_whom_it_is(services: Services, teams: object) -> None:
    seen = {}
    for person in ("member", "owner", "reviewer", "auditor", "admin"):
        visitor = await arrive(services, person)
        seen[person] = [(await visitor.client.get(path)).status_code for path in PAGES]
    nobody = [403, 403, 403]
    assert seen == {
        "member": nobody,
        "owner": nobody,
        "reviewer": nobody,
        "auditor": [403, 200, 200],
        "admin": [200, 200, 200],
    }


async def test_an_auditor_reads_without_being_offered_to_change(services: Services, teams: object) -> None:
    auditor = await arrive(services, "auditor")
    page = (await auditor.client.get("/people/rules")).text
    assert "guildhall-auditors" in page
    assert "Add a rule" not in page
    assert 'href="/admin"' not in page


async def test_a_cluster_outside_the_networks_is_refused_beside_its_field(
    services: Services, teams: object
) -> None:
    admin = await arrive(services, "admin")
    typed = {"name": "far", "url": "http://203.0.113.9:8080", "_csrf": await admin.token()}
    answer = await admin.client.post("/admin/clusters", data=typed)
    assert answer.status_code == 422
    assert "Clusters are reached only inside the setting gateway.networks." in answer.text
    assert 'value="http://203.0.113.9:8080"' in answer.text


async def test_a_cluster_is_moved_from_its_page_alone_at_first_and_by_two_later(
    services: Services, admit: Admit
) -> None:
    admin = await arrive(services, "admin")
    token = await admin.token()
    made = {"name": "main", "url": "http://127.0.0.1:9901", "_csrf": token}
    assert (await admin.client.post("/admin/clusters", data=made)).status_code == 303
    assert 'href="/admin/clusters/main/move"' in (await admin.client.get("/admin/clusters")).text
    assert 'value="http://127.0.0.1:9901"' in (await admin.client.get("/admin/clusters/main/move")).text
    typed = {"url": "http://127.0.0.1:9902", "reason": "It has moved", "_csrf": token}
    alone = await admin.client.post("/admin/clusters/main/move", data=typed)
    assert alone.headers["location"] == "/admin/clusters"
    await admit("second", ("guildhall-admins",))
    far = await admin.client.post("/admin/clusters/main/move", data=typed | {"url": "http://203.0.113.9:80"})
    assert (far.status_code, "gateway.networks" in far.text) == (422, True)
    asked = await admin.client.post(
        "/admin/clusters/main/move", data=typed | {"url": "http://127.0.0.1:9903"}
    )
    assert asked.headers["location"].startswith("/records/changes/")
    assert "http://127.0.0.1:9902" in (await admin.client.get("/admin/clusters")).text
    auditor = await arrive(services, "auditor")
    assert "/move" not in (await auditor.client.get("/admin/clusters")).text
    assert (await auditor.client.get("/admin/clusters/main/move")).status_code == 403


def test_progress_says_how_far_the_log_is() -> None:
    def progress(**facts: int | None) -> LogProgress:
        given = {"size": 9, "signed": 9, "signed_at": NOW - 60_000_000, "waiting": 0, "oldest": None}
        return LogProgress(**(given | facts), now=NOW)  # type: ignore[arg-type]

    assert progress().sentence() == "Audit log signed, 9 entries"
    assert progress(waiting=2, oldest=NOW - 1_000_000).is_prompt
    late = progress(size=12, waiting=2, oldest=NOW - 7_000_000)
    assert (late.behind, late.sentence()) == (7, "Audit log 7 s behind, 5 entries wait")
    assert progress(signed=0, signed_at=None).sentence() == "The audit log is not signed yet"
