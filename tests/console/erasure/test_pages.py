"""Pages speak of an erased person by a pseudonym, and show nothing they wrote."""

from uuid import UUID

import pytest

from console.pseudonyms import pseudonym
from console.services import Services
from tests.console.conftest import Catalog, WorkAs
from tests.console.erasure.conftest import HANDLE, NAME, Zelda, ask, refuse
from tests.console.visitor import visit

pytestmark = pytest.mark.slow


@pytest.fixture
async def request_of(
    services: Services, zelda: Zelda, catalog: Catalog, work_as: WorkAs
) -> tuple[UUID, UUID]:
    """Who asked, and what; it was refused, and they are erased."""
    person, request = (await zelda.sign_in()).id, await ask(zelda)
    await refuse(work_as, services, request, f"Not for {NAME}")
    await zelda.erase(person)
    assert catalog.credit.name == "risk.credit-default"
    return person, request


@pytest.mark.parametrize("path", ["/requests/{}", "/reviews/{}"])
async def test_a_request_of_theirs_is_told_without_them(
    services: Services, request_of: tuple[UUID, UUID], path: str
) -> None:
    person, request = request_of
    owner = visit(services)
    await owner.sign_in("owner")
    page = await owner.client.get(path.format(request))
    assert page.status_code == 200, page.text
    assert pseudonym(person) in page.text
    assert [word for word in ("Quist", HANDLE, "looks after") if word in page.text] == []
