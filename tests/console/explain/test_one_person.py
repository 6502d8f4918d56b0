"""A grant to one person, as it is explained and as it was: on both databases."""

from typing import Any

import pytest

from tests.console.access.conftest import Desk
from tests.console.catalog.both import settings  # noqa: F401 - both databases

pytestmark = pytest.mark.slow  # each builds the whole console
ROUTE = "risk.credit-default"


async def told(desk: Desk, who: str, path: str, params: dict[str, str]) -> dict[str, Any]:
    found = await desk.call(who, "GET", path, params=params)
    assert found.status_code == 200, found.text
    return found.json()  # type: ignore[no-any-return]


@pytest.mark.usefixtures("recorded")
async def test_explain_and_as_of_lead_to_the_one_person(desk: Desk) -> None:
    request = await desk.asked(person="member")
    assert (await desk.answer("owner", request)).status_code == 201
    granted = (await desk.answer("reviewer", request)).json()
    asked = {"model": ROUTE, "verb": "invoke"}
    could = await told(desk, "owner", "/access/explain", asked | {"who": "member"})
    assert could["allow"] is True
    assert granted["grant_id"] in str(could)
    others = await told(desk, "owner", "/access/explain", asked | {"who": "reviewer"})
    assert others["allow"] is False
    rows = (await told(desk, "auditor", "/access/as-of", asked))["items"]
    assert [row["person"]["handle"] for row in rows] == ["member"]
