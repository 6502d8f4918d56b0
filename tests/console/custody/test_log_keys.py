"""The log's key, and its end, take two people: exactly what they signed is done on the host, and once."""

import json
from typing import Any

import pytest
from sqlmodel import select

from audit.log import LogFrozenError
from console.clock import DAY
from console.errors import SettingsError
from console.log_care import freeze_log, rotate_key
from policy.models import Change, ChangeState
from tests.console.conftest import MovingClock
from tests.console.custody.conftest import Office
from tests.console.gateway.records import Worker

pytestmark = pytest.mark.slow

ROTATE = {"act": "rotate", "overlap_days": 30}
END = {"act": "end"}


@pytest.fixture
async def running(office: Office, admit: Any) -> Office:
    """An office whose log has running, and where a second admin has signed in."""
    await admit("second", ("guildhall-admins",))
    await Worker(office.services).drain()
    return office


async def rotated(office: Office, overlap_days: int = 30, *, lost: bool = False) -> str:
    clock = office.services.clock
    period = await rotate_key(office.services.settings, overlap_days=overlap_days, lost=lost, clock=clock)
    return period.vkey


async def agreed(office: Office, **asked: Any) -> dict[str, Any]:
    change = await office.ask("admin", "/log/changes", **asked)
    await office.approve(change)
    await Worker(office.services).drain()
    return change


async def last_head(office: Office) -> dict[str, Any]:
    size = await office.services.log.size()
    (entry,) = await office.services.log.entries(range(size - 1, size))
    return json.loads(entry.head)  # type: ignore[no-any-return]


async def test_nobody_changes_the_key_or_ends_the_log_alone(running: Office) -> None:
    size = await running.services.log.size()
    asked = await running.ask("admin", "/log/changes", **ROTATE)
    await Worker(running.services).drain()
    for attempt in (rotated(running), freeze_log(running.services.settings, running.services.clock)):
        with pytest.raises(SettingsError, match="Two people have to agree"):
            await attempt
    assert await running.services.log.size() == size + 1  # the asking
    assert (await running.answer("admin", asked)).status_code == 403


async def test_what_two_agreed_to_is_done_once_and_its_entry_names_the_change(running: Office) -> None:
    change = await agreed(running, **ROTATE)
    with pytest.raises(SettingsError):
        await rotated(running, 29)
    with pytest.raises(SettingsError):
        await rotated(running, lost=True)
    old = (await running.services.log.key_history())[-1].vkey
    new = await rotated(running)
    head = await last_head(running)
    assert (head["action"], head["request"]) == ("log.rotate", change["id"])
    assert "single_person" not in head["flags"]
    assert new != old
    with pytest.raises(SettingsError):
        await rotated(running)


async def test_the_end_takes_two_people_too(running: Office) -> None:
    change = await agreed(running, **END)
    with pytest.raises(SettingsError):
        await rotated(running)
    await freeze_log(running.services.settings, running.services.clock)
    head = await last_head(running)
    assert (head["action"], head["request"]) == ("log.freeze", change["id"])
    with pytest.raises(LogFrozenError):
        await freeze_log(running.services.settings, running.services.clock)


async def test_an_approval_counts_for_seven_days(running: Office, clock: MovingClock) -> None:
    await agreed(running, **ROTATE)
    clock.now += 7 * DAY
    with pytest.raises(SettingsError):
        await rotated(running)


async def test_case_63_who_approved_and_lost_the_role_since_allows_nothing(
    running: Office, admit: Any
) -> None:
    await agreed(running, **ROTATE)
    await admit("reviewer", ())
    with pytest.raises(SettingsError, match="Two people have to agree"):
        await rotated(running)
    await admit("reviewer", ("guildhall-reviewers",))
    await rotated(running)


async def test_an_answer_that_is_not_in_the_log_allows_nothing(running: Office) -> None:
    await running.approve(await running.ask("admin", "/log/changes", **ROTATE))
    with pytest.raises(SettingsError):
        await rotated(running)
    await Worker(running.services).drain()
    await rotated(running)


async def test_an_approval_made_in_sql_allows_nothing(running: Office) -> None:
    await running.ask("admin", "/log/changes", **ROTATE)
    await Worker(running.services).drain()
    async with running.services.database.write() as session:
        change = (await session.exec(select(Change))).one()
        change.state, change.decided = ChangeState.APPROVED, running.services.clock()
        session.add(change)
    with pytest.raises(SettingsError):
        await rotated(running)


async def test_what_was_asked_of_another_key_is_void(running: Office) -> None:
    await agreed(running, **ROTATE)
    change = await running.ask("admin", "/log/changes", **END)
    await Worker(running.services).drain()
    await rotated(running)
    answered = await running.answer("reviewer", change)
    assert (answered.status_code, answered.json()["reasons"]) == (409, ["stale_content"])


@pytest.mark.parametrize("who", ["reviewer", "auditor", "owner", "member"])
async def test_only_an_admin_asks(who: str, running: Office) -> None:
    assert await running.refused(who, "/log/changes", **END) == (403, ["may_not_ask"])


async def test_before_there_is_a_second_admin_one_does_it_and_it_shows(office: Office) -> None:
    await Worker(office.services).drain()
    await rotated(office)
    head = await last_head(office)
    assert "single_person" in head["flags"]
    assert "request" not in head
