"""Whom a mapping rule would give something answers for it by no right: as an owner, or as a deputy."""

import json
from typing import Any

import pytest

from console.policies.keys import signing_key
from console.policies.signing import sign_active
from console.services import Services
from policy.bundles import Bundle, read_bundle, revise
from tests.console.access.test_stand_ins import deputise
from tests.console.conftest import Admit
from tests.console.people.conftest import Desk
from tests.console.people.test_rules import rule
from tests.console.policies.conftest import put_in_force

__all__ = ["rule"]
GONE = (404, ["not_found"])
"""Without a role that reads all changes, who does not answer is told of none."""
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("second")]


@pytest.fixture(autouse=True)
async def ruled(services: Services) -> None:
    """Rules that let owners of a team answer for mapping rules, as reviewers do, are in force."""
    files = dict(read_bundle().files)
    data = json.loads(files["data.json"])
    data["guildhall"]["changes"]["mapping_rule"]["answers"] = [{"group": "owner:risk", "count": 1}]
    files["data.json"] = json.dumps(data)
    await put_in_force(services, Bundle(files, revise(files)))
    await sign_active(services, signing_key(services.policies.keys))


async def asked_for(desk: Desk, rule: dict[str, Any], value: str) -> dict[str, Any]:
    """Ask that whoever carries a value owns team retail."""
    gain = rule | {"value": value, "role": "owner", "team": "retail"}
    asked = await desk.post("admin", "/mapping-rules", **gain)
    assert asked.status_code == 202, asked.text
    return asked.json()["change"]  # type: ignore[no-any-return]


async def answered(desk: Desk, who: str, change: dict[str, Any]) -> tuple[int, list[str]]:
    given = await desk.approve(who, change)
    return given.status_code, given.json().get("reasons", [])


async def refusals(desk: Desk) -> list[list[str]]:
    return [one["reasons"] for one in await desk.acts("change.review") if one["outcome"] == "denied"]


async def test_an_owner_whom_it_matches_does_not_answer_and_another_owner_does(
    desk: Desk, rule: dict[str, Any], admit: Admit
) -> None:
    change = await asked_for(desk, rule, "risk-owners")
    assert change["required"] == [{"group": "owner:risk", "count": 1}]
    assert await answered(desk, "owner", change) == GONE
    assert await refusals(desk) == [["party_may_not_decide"]]
    other = await admit("auditor", ("retail",))
    joined = await desk.join("admin", person=str(other.id), role="owner")
    assert joined.status_code == 202
    assert await answered(desk, "reviewer", joined.json()["change"]) == (201, [])
    assert await answered(desk, "auditor", change) == (201, [])


async def test_nor_does_a_deputy_whom_it_matches(desk: Desk, rule: dict[str, Any], admit: Admit) -> None:
    await admit("auditor", ("risk-owners",))
    await admit("member", ("retail", "europe"))
    await deputise(desk, "auditor", "member")
    gained = await asked_for(desk, rule, "europe")
    assert await answered(desk, "member", gained) == GONE
    assert await answered(desk, "auditor", gained) == (201, [])
    other = await asked_for(desk, rule, "africa")
    assert await answered(desk, "member", other) == (201, [])
