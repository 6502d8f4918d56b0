"""What a person has to look into: of what the log tells, only the last day is read, and told."""

import pytest
from sqlalchemy import event

from audit import outbox
from audit.checks.census import CENSUS_DIFFERS
from audit.event import Event, Outcome
from audit.events import Action
from audit.record import seal
from audit.subjects.keyring import MemoryKeyRing
from console.alarms import read_alarms
from console.clock import DAY
from console.services import Services
from tests.console.conftest import MovingClock
from tests.console.gateway.records import Worker

HOUR = DAY // 24


async def put(services: Services, action: Action, reasons: tuple[str, ...], time: int) -> None:
    made = Event(action=action, actor=None, outcome=Outcome.FAILURE, reasons=reasons)
    async with services.database.write() as session:
        await outbox.append(session, seal(made, time=time, keys=MemoryKeyRing()))
    await Worker(services).drain()


async def told(services: Services) -> dict[str, str]:
    return {one.name: one.sentence for one in await read_alarms(services)}


async def test_what_the_log_tells_is_an_alarm_for_a_day(services: Services) -> None:
    assert await told(services) == {}
    now = services.clock()
    for hours in (49, 25, 23, 1):
        await put(services, Action.CLOCK_SKEW, ("behind:90",), now - hours * HOUR)
        await put(services, Action.CENSUS_RECORD, (CENSUS_DIFFERS,), now - hours * HOUR)
    await put(services, Action.CENSUS_RECORD, ("census_unknown",), now - HOUR)
    assert await told(services) == {
        "clocks": "2 clocks were found to be off since yesterday.",
        "census": "2 counts of calls differed from the log since yesterday.",
    }


async def test_after_a_day_it_is_none_and_what_is_logged_late_still_is(
    services: Services, clock: MovingClock
) -> None:
    await put(services, Action.CLOCK_SKEW, ("behind:90",), services.clock())
    clock.forward(25 * 3_600)
    assert await told(services) == {}
    await put(services, Action.CLOCK_SKEW, ("behind:90",), services.clock() - 23 * HOUR)
    clock.forward(1_800)
    assert list(await told(services)) == ["clocks"]


@pytest.mark.parametrize("named", ["census", "copies"])
async def test_no_entry_from_before_the_day_is_read(services: Services, named: str) -> None:
    asked = list[tuple[str, object]]()

    def note(_connection: object, _cursor: object, text: str, given: object, *_: object) -> None:
        asked.append((text, given))

    event.listen(services.log.engine.sync_engine, "before_cursor_execute", note)
    await told(services)
    event.remove(services.log.engine.sync_engine, "before_cursor_execute", note)
    action = {"census": Action.CENSUS_RECORD, "copies": Action.SINK_RECONCILE}[named].value
    [(text, given)] = [one for one in asked if action in str(one[1])]
    async with services.log.engine.connect() as connection:
        rows = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)).all()  # type: ignore[arg-type]
    assert "ix_entry_action (action=? AND index>?)" in "\n".join(str(one[-1]) for one in rows)
