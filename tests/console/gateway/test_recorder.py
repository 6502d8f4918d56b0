"""A call is recorded in every case, or not made: keys forgotten, keys gone, a disk that does not answer."""

import pytest

from audit.database import for_writing
from audit.models import subject_key
from console.services import Services
from sso.principal import Principal
from tests.audit.spool.slow_disk import SlowDisk
from tests.console.conftest import MovingClock
from tests.console.gateway.clusters import ScriptedCluster
from tests.console.gateway.conftest import Desk

pytestmark = pytest.mark.slow

KEPT_MICROSECONDS = 5_000_000
READINGS_OF_A_CALL = 40


async def test_a_call_is_recorded_whenever_the_keys_end(granted: Desk, clock: MovingClock) -> None:
    # The clock moves by one at each reading, so the keys end at each reading of a call once.
    for early in range(READINGS_OF_A_CALL):
        assert (await granted.call()).status_code == 200
        clock.now += KEPT_MICROSECONDS - early
    assert [kept.ended for kept in granted.kept()] == [("success", ())] * READINGS_OF_A_CALL


@pytest.mark.parametrize("installation_too", [False, True])
async def test_without_a_key_nothing_can_be_recorded_and_nothing_is_called(
    granted: Desk, services: Services, people: dict[str, Principal], *, installation_too: bool
) -> None:
    statement = subject_key.delete()
    if not installation_too:
        statement = statement.where(subject_key.c.subject == people["member"].id)
    async with for_writing(services.keys.engine).begin() as connection:
        await connection.execute(statement)
    answer = await granted.call()
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["audit_unavailable"])
    assert granted.kept() == []


async def test_a_call_that_became_durable_too_late_is_not_made_and_its_record_says_so(
    granted: Desk, cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SlowDisk(monkeypatch)
    monkeypatch.setattr("audit.spool.writer.SYNC_TIMEOUT_SECONDS", 0.2)
    try:
        answer = await granted.call()
    finally:
        disk.go_on.set()
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["audit_unavailable"])
    assert cluster.requests == []
    assert [kept.ended for kept in granted.kept()] == [("failure", ("audit_unavailable",))]
