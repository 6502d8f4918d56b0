"""What is found out about a follower is in the log: quarantine, tampering, comparisons, what a person did."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.following.shipper import Shipper
from audit.sinks.cursor import Position, State, read_position
from audit.sinks.indexed import ElasticsearchSink
from console.admin.sinks import SinkClear, clear_sink
from console.alarms import read_alarms
from console.comparing import RECORDED_EVERY, shipper_for
from console.errors import RefusedError
from console.followers import elasticsearch_sink
from console.questions import Origin
from console.settings import load_settings
from console.trail.export import reconcile_sink_deep
from console.work import UnitOfWork
from policy.embedded import EmbeddedDecider
from sso.principal import Authentication, Principal
from tests.audit.sinks import fake_elasticsearch as server
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch
from tests.console.trail.trail import Trail
from tests.real.server import free_port

pytestmark = pytest.mark.slow  # each starts a server

NAME = "elasticsearch"


@dataclass
class Clock:
    """Moves when told."""

    now: int

    def __call__(self) -> int:
        self.now += 1
        return self.now


@dataclass
class Followed:
    """A trail, the Elasticsearch that follows it, and the shipper as the worker makes it."""

    trail: Trail
    fake: FakeElasticsearch
    sink: ElasticsearchSink
    shipper: Shipper
    clock: Clock

    async def ship(self) -> None:
        """Log what waits, and ship until nothing does, until both come to rest."""
        for _ in range(3):
            await self.trail.settle()
            while (await self.shipper.ship()).acknowledged:
                pass

    async def told(self, action: str) -> list[dict[str, Any]]:
        """The heads of one action in the log, oldest first."""
        log = self.trail.services.log
        heads = [orjson.loads(one.head) for one in await log.entries(range(await log.size()))]
        return [head for head in heads if head["action"] == action]

    async def position(self) -> Position:
        return await read_position(self.trail.services.log.engine, NAME)

    def work(self, person: str) -> UnitOfWork:
        proof = Authentication(method="bearer", issuer="x", subject=person)
        principal = Principal(self.trail.people[person], "person", person, person, proof)
        return UnitOfWork(self.trail.services, principal, Origin("tests"))

    def document(self, index: int) -> dict[str, Any]:
        return next(one for one in self.fake.documents.values() if one["event"]["sequence"] == index)


@pytest.fixture
async def followed(migrated: Path, tmp_path: Path, decider: EmbeddedDecider) -> AsyncIterator[Followed]:
    fake = FakeElasticsearch()
    runner = await server.start(fake)
    data = tmp_path / "data"
    shutil.copytree(migrated, data)
    settings = load_settings(
        data=data, server={"port": free_port()}, audit={"elasticsearch": {"url": fake.url}}
    )
    async with Trail.open(settings, decider) as trail:
        sink = elasticsearch_sink(settings)
        assert sink is not None
        clock = Clock(trail.services.clock())
        services = replace(trail.services, clock=clock)
        yield Followed(trail, fake, sink, shipper_for(services, services.log.engine, sink), clock)
        await sink.close()
    await runner.cleanup()


async def test_an_entry_set_aside_is_told_with_its_place_and_the_cursor_passes_after(
    followed: Followed,
) -> None:
    await followed.trail.happen_often(3)
    followed.fake.script.append(server.items_fail({2: (400, "document_parsing_exception")}))
    await followed.ship()
    (head,) = await followed.told("sink.quarantine")
    assert head["flags"] == [f"sink:{NAME}", "from:2", "to:2", "count:1"]
    assert await followed.position() == Position(5)
    assert followed.fake.sequences() == [0, 1, 2, 3, 4]


async def test_an_entry_about_a_quarantine_that_is_set_aside_itself_ends_there(followed: Followed) -> None:
    await followed.trail.happen_often(2)
    refusal = server.items_fail(dict.fromkeys(range(9), (400, "document_parsing_exception")))
    # Every whole document is refused, every original alone is taken.
    followed.fake.script += [refusal, server.healthy] * 4
    await followed.ship()
    (head,) = await followed.told("sink.quarantine")
    assert head["flags"][1:] == ["from:0", "to:2", "count:3"]
    assert await followed.position() == Position(4)
    assert {key[0] for key in followed.fake.documents} == {"guildhall-audit-v1-quarantine"}


async def test_a_document_that_is_not_the_logs_alarms_until_an_admin_clears_it(followed: Followed) -> None:
    await followed.trail.happen_often(3)
    forged = {"event": {"sequence": 2, "hash": "00" * 32}, "guildhall": {"log": "localhost/guildhall/log"}}
    place = ("guildhall-audit-v1-000000", "localhost/guildhall/log-0000000000000002")
    followed.fake.documents[place] = forged
    await followed.ship()
    (head,) = await followed.told("sink.tamper")
    assert (head["outcome"], head["flags"][:2]) == ("failure", [f"sink:{NAME}", "from:2"])
    assert (await followed.position()).state is State.ALARM
    with pytest.raises(RefusedError):
        await clear_sink(followed.work("auditor"), NAME, SinkClear())
    await followed.ship()
    assert (await followed.position()).state is State.ALARM
    cleared = await clear_sink(followed.work("admin"), NAME, SinkClear())
    await followed.ship()
    assert (await followed.position()).state is State.SHIPPING
    assert [head["id"] for head in await followed.told("sink.update") if head["outcome"] == "success"] == [
        str(cleared.event)
    ]


async def test_a_follower_that_has_everything_is_compared_when_due_and_a_loss_alarms(
    followed: Followed,
) -> None:
    await followed.trail.happen_often(5)
    await followed.ship()
    assert await followed.told("sink.reconcile") == []
    followed.clock.now += 61_000_000
    await followed.ship()
    (exact,) = await followed.told("sink.reconcile")
    assert exact["flags"][:5] == [f"sink:{NAME}", "counts", "from:0", "to:6", "exact"]
    assert exact["flags"][5] == "complete:6"
    assert exact["flags"][6].startswith("until:")
    for key in [key for key, one in followed.fake.documents.items() if one["event"]["sequence"] in {1, 2}]:
        del followed.fake.documents[key]
    for _ in range(3):
        followed.clock.now += 61_000_000
        await followed.ship()
    found = await followed.told("sink.reconcile")
    assert [head["outcome"] for head in found] == ["success", "failure"]
    assert "inexact" in found[1]["flags"]
    alarm = "elasticsearch lacks 2 entries, the first of them 1 to 2."
    assert await followed.position() == Position(8, State.ALARM, alarm)


async def test_an_admin_has_a_loss_shipped_again(followed: Followed) -> None:
    await followed.trail.happen_often(5)
    await followed.ship()
    lost = next(key for key, one in followed.fake.documents.items() if one["event"]["sequence"] == 1)
    del followed.fake.documents[lost]
    followed.clock.now += 61_000_000
    await followed.ship()
    assert (await followed.position()).state is State.ALARM
    await clear_sink(followed.work("admin"), NAME, SinkClear(again=True))
    await followed.ship()
    followed.clock.now += 61_000_000
    await followed.ship()
    size = await followed.trail.services.log.size()
    assert followed.fake.sequences() == list(range(size))
    assert await followed.position() == Position(size)


async def test_an_exact_comparison_is_told_once_an_hour(followed: Followed) -> None:
    await followed.trail.happen_often(1)
    await followed.ship()
    for _ in range(5):
        followed.clock.now += 61_000_000
        await followed.ship()
    assert len(await followed.told("sink.reconcile")) == 1
    followed.clock.now += RECORDED_EVERY
    await followed.ship()
    assert len(await followed.told("sink.reconcile")) == 2


async def test_every_document_is_looked_at_on_demand_and_the_changed_one_is_named(followed: Followed) -> None:
    await followed.trail.happen_often(30)
    await followed.ship()
    found = await reconcile_sink_deep(followed.work("auditor"), NAME)
    assert (found.exact, found.root, found.size) == (True, True, 31)
    followed.document(17)["event"]["outcome"] = "failure"
    found = await reconcile_sink_deep(followed.work("auditor"), NAME)
    assert (found.exact, found.root, found.changed) == (False, True, [17])
    followed.document(18)["event"]["original"] += " "
    found = await reconcile_sink_deep(followed.work("auditor"), NAME)
    assert (found.root, found.changed) == (False, [17, 18])
    await followed.ship()
    [alarm] = [one for one in await read_alarms(followed.trail.services) if one.name == "copies"]
    assert alarm.sentence.startswith("2 times since yesterday")
    told = [head["flags"] for head in await followed.told("sink.reconcile")]
    assert [flags[1:4] for flags in told] == [["deep", "from:0", "to:31"]] * 3
    assert [flags[4:6] for flags in told] == [
        ["exact", "root:match"],
        ["inexact", "root:match"],
        ["inexact", "root:differs"],
    ]


async def test_looking_at_every_document_is_for_auditors_and_admins(followed: Followed) -> None:
    with pytest.raises(RefusedError):
        await reconcile_sink_deep(followed.work("member"), NAME)
