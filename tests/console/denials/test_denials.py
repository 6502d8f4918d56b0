"""Refusals are told one by one up to twenty a minute and reason, then counted; no count is lost unsaid."""

import asyncio
from uuid import UUID

import httpx2
import pytest
from uuid_utils.compat import uuid7

from audit.event import Outcome
from audit.subjects.keyring import SubjectKey
from console.denials.denials import Denials
from console.denials.tally import ENTRIES_A_MINUTE, NETWORKS_A_MINUTE, network_of
from console.errors import RefusedError
from console.questions import Origin, Resource
from console.services import Services
from console.sign_in.admission import record_refusal
from policy.permissions import Permission
from tests.console.conftest import START, MovingClock, TokenFor, WorkAs
from tests.console.denials.conftest import Logged
from tests.console.visitor import heads

MINUTE = "minute:2027-01-15T08:00:00.000000Z"


async def denied(denials: Denials, actor: UUID, times: int, reason: str = "no_grant:x") -> list[UUID | None]:
    return [await denials.admit(actor, [reason]) for _ in range(times)]


async def test_twenty_are_told_and_the_rest_counted_exactly(
    services: Services, clock: MovingClock, logged: Logged
) -> None:
    actor = uuid7()
    told = await denied(services.denials, actor, 50)
    assert told[:ENTRIES_A_MINUTE] == [None] * ENTRIES_A_MINUTE
    (summary,) = set(told[ENTRIES_A_MINUTE:])
    assert [str(head["id"]) for head in await logged("denial.summary")] == [], "its minute goes on"
    clock.forward(60)
    await services.denials.write()
    (head,) = await logged("denial.summary")
    assert (head["id"], head["actor"]) == (str(summary), str(actor))
    assert (head["outcome"], head["reasons"], head["flags"]) == ("denied", ["no_grant", "count:30"], [MINUTE])
    assert await denied(services.denials, actor, 1) == [None], "a new minute begins anew"


async def test_each_person_reason_and_outcome_has_a_count_of_its_own(services: Services) -> None:
    actor = uuid7()
    assert (await denied(services.denials, actor, 21))[-1] is not None
    assert await denied(services.denials, actor, 1, "route_stopped") == [None]
    assert await denied(services.denials, uuid7(), 1) == [None]
    assert await services.denials.admit(actor, ["no_grant"], outcome=Outcome.FAILURE) is None
    assert (await denied(services.denials, actor, 1, "no_grant:another-name"))[0] is not None


async def test_a_count_that_died_with_its_process_is_told_as_lost(services: Services, logged: Logged) -> None:
    actor = uuid7()
    (*_, summary) = await denied(services.denials, actor, 25)
    await services.denials.abandon()
    (head,) = await logged("denial.summary")
    assert (head["id"], head["outcome"]) == (str(summary), "unknown")
    assert head["reasons"] == ["no_grant", "count_lost"]
    (lost,) = await logged("producer.lost")
    assert lost["reasons"][0] == "open_calls:1"


async def test_whoever_is_stopped_in_the_middle_of_writing_loses_no_count(
    services: Services, clock: MovingClock, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, find = asyncio.Event(), services.keys.find

    async def find_slowly(subject: UUID | None) -> SubjectKey:
        reading.set()
        await asyncio.sleep(0)
        return await find(subject)

    for number in range(200):
        services.denials.count_stranger(f"10.1.{number}.9", ["token_missing"])
    clock.forward(60)
    monkeypatch.setattr(services.keys, "find", find_slowly)
    writing = asyncio.create_task(services.denials.write())
    await reading.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await services.denials.stop()
    found = await logged("denial.summary")
    assert [head["reasons"][-1] for head in found] == ["count:1"] * 200


async def test_the_console_stops_telling_a_refused_principal_one_by_one(
    services: Services, work_as: WorkAs, clock: MovingClock, logged: Logged
) -> None:
    work = await work_as("member")
    for _ in range(45):
        with pytest.raises(RefusedError):
            await work.authorize(Permission.CLUSTER_CREATE, Resource("cluster"))
    assert len(await heads(services, "cluster.create")) == ENTRIES_A_MINUTE
    clock.forward(60)
    await services.denials.write()
    (head,) = await logged("denial.summary")
    assert head["reasons"] == ["role_missing", "count:25"]
    assert head["actor"] == str(work.principal.id)


async def test_ten_thousand_bad_keys_are_one_entry_a_network_and_minute(
    services: Services, clock: MovingClock, logged: Logged, people: object
) -> None:
    for number in range(10_000):
        services.denials.count_stranger(f"203.0.113.{number % 250}", ["token_invalid"])
        services.denials.count_stranger(f"2001:db8:7:{number:x}::1", ["token_missing"])
        if number % 2_500 == 2_499:
            await services.denials.write()
            clock.forward(60)
    await services.denials.write()
    found = await logged("denial.summary")
    assert len(found) == 2 * 4
    counts = [int(head["reasons"][-1].removeprefix("count:")) for head in found]
    assert counts == [2_500] * 8
    assert {head["reasons"][0] for head in found} == {"token_invalid", "token_missing"}
    assert all("actor" not in head and "body" in head for head in found)


async def test_networks_without_end_share_one_count(services: Services, clock: MovingClock) -> None:
    for number in range(5_000):
        services.denials.count_stranger(f"10.{number // 256}.{number % 256}.9", ["token_missing"])
    open_now = services.denials.open_counts
    assert open_now == 257


async def test_strangers_at_the_api_are_counted_and_pages_only_lead_to_sign_in(
    services: Services, api: httpx2.AsyncClient, clock: MovingClock, logged: Logged
) -> None:
    for _ in range(30):
        assert (await api.get("/me")).status_code == 401
        assert (await api.get("/me", headers={"authorization": "Bearer no"})).status_code == 401
    clock.forward(60)
    await services.denials.write()
    (head,) = await logged("denial.summary")
    assert head["reasons"][-1] == "count:60"


async def test_sign_ins_refused_from_one_network_are_counted_past_twenty(
    services: Services, clock: MovingClock, logged: Logged
) -> None:
    said = [
        await record_refusal(services, "state_unknown", "issuer", Origin("page", f"192.0.2.{number}"))
        for number in range(30)
    ]
    assert len(await heads(services, "session.refuse")) == ENTRIES_A_MINUTE
    clock.forward(60)
    await services.denials.write()
    (head,) = await logged("denial.summary")
    assert {str(one) for one in said[ENTRIES_A_MINUTE:]} == {head["id"]}
    assert head["reasons"] == ["state_unknown", "count:10"]


async def test_a_spool_that_cannot_be_opened_means_that_every_refusal_is_told(
    services: Services, token_for: TokenFor
) -> None:
    services.settings.spool.parent.mkdir(exist_ok=True)
    services.settings.spool.write_text("in the way")
    assert await denied(services.denials, uuid7(), 30) == [None] * 30


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("testclient", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_network_is_named_for_its_neighbours(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_the_tests_begin_with_a_minute() -> None:
    assert START % 60_000_000 == 0


async def test_refused_sign_ins_from_networks_without_end_share_one_count(services: Services) -> None:
    for number in range(NETWORKS_A_MINUTE + 50):
        address = f"2001:db8:{number:x}::1"
        await services.denials.admit(None, ["unknown_subject"], address=address)
    assert services.denials.open_counts == NETWORKS_A_MINUTE + 1
