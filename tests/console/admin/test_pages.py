"""The admin pages: each for whom it is, and forms that say what is wrong."""

import pytest

from console.admin.progress import LogProgress
from console.services import Services
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


def test_progress_says_how_far_the_log_is() -> None:
    def progress(**facts: int | None) -> LogProgress:
        given = {"size": 9, "signed": 9, "signed_at": NOW - 60_000_000, "waiting": 0, "oldest": None}
        return LogProgress(**(given | facts), now=NOW)  # type: ignore[arg-type]

    assert progress().sentence() == "Audit log signed, 9 entries"
    assert progress(waiting=2, oldest=NOW - 1_000_000).is_prompt
    late = progress(size=12, waiting=2, oldest=NOW - 7_000_000)
    assert (late.behind, late.sentence()) == (7, "Audit log 7 s behind, 5 entries wait")
    assert progress(signed=0, signed_at=None).sentence() == "The audit log is not signed yet"
