import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from audit.following.shipper import Shipper
from console.followers import elasticsearch_sink
from console.settings import load_settings
from policy.embedded import EmbeddedDecider
from tests.audit.sinks import fake_elasticsearch
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch
from tests.cli.test_audit import guildhall
from tests.console.trail.trail import Trail
from tests.real.server import free_port

pytestmark = pytest.mark.slow  # each starts the product's own command line


@dataclass
class Followed:
    """A trail, and the Elasticsearch that follows its log."""

    trail: Trail
    elasticsearch: FakeElasticsearch


@pytest.fixture
async def followed(migrated: Path, tmp_path: Path, decider: EmbeddedDecider) -> AsyncIterator[Followed]:
    fake = FakeElasticsearch()
    runner = await fake_elasticsearch.start(fake)
    data = tmp_path / "data"
    shutil.copytree(migrated, data)
    follower = {"elasticsearch": {"url": fake.url}}
    settings = load_settings(data=data, server={"port": free_port()}, audit=follower)
    async with Trail.open(settings, decider) as trail:
        yield Followed(trail, fake)
    await runner.cleanup()


async def test_a_sink_that_holds_everything_is_exact_and_a_lost_entry_is_named(followed: Followed) -> None:
    trail, held = followed.trail, followed.elasticsearch
    await trail.happen_often(5)
    await trail.settle()
    await ship(trail)
    ran = await guildhall(trail, "reconcile", "elasticsearch")
    assert (ran.code, ran.out) == (0, "The log has 6 entries, elasticsearch has 6.\n"), ran.err
    lost = next(key for key, document in held.documents.items() if document["event"]["sequence"] == 3)
    del held.documents[lost]
    ran = await guildhall(trail, "reconcile", "elasticsearch")
    assert ran.code == 1
    assert "missing: 3 to 3" in ran.out
    ran = await guildhall(trail, "reconcile", "elasticsearch", "--json")
    assert json.loads(ran.out)["missing"] == [[3, 3]]


async def test_every_document_is_looked_at_and_the_changed_one_is_named(followed: Followed) -> None:
    trail, held = followed.trail, followed.elasticsearch
    await trail.happen_often(5)
    await trail.settle()
    await ship(trail)
    ran = await guildhall(trail, "reconcile", "elasticsearch", "--deep")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "6 documents of elasticsearch were compared with 6 entries.",
        "The root built from its copies alone is the signed one.",
    ]
    changed = next(one for one in held.documents.values() if one["event"]["sequence"] == 4)
    changed["event"]["outcome"] = "unknown"
    ran = await guildhall(trail, "reconcile", "elasticsearch", "--deep")
    assert ran.code == 1
    assert ran.out.splitlines()[2:] == ["changed: 4", "In all: 1 changed, 0 missing, 0 added."]


async def test_another_name_is_no_sink(followed: Followed) -> None:
    ran = await guildhall(followed.trail, "reconcile", "no/such sink")
    assert ran.code == 1
    assert ran.out == ""


async def test_counts_are_for_auditors(followed: Followed) -> None:
    answer = await followed.trail.post("member", "/api/v1/audit/sinks/elasticsearch/reconcile")
    assert answer.status_code == 403


async def test_a_sink_that_does_not_answer_is_unavailable(followed: Followed) -> None:
    held = followed.elasticsearch
    held.absent |= dict.fromkeys(("search", "count", "refresh"), 503)
    ran = await guildhall(followed.trail, "reconcile", "elasticsearch")
    assert ran.code == 3, ran.out + ran.err
    assert "Elasticsearch" in ran.err


async def ship(trail: Trail) -> None:
    sink = elasticsearch_sink(trail.services.settings)
    assert sink is not None
    shipper = Shipper(trail.services.log.engine, sink, trail.services.clock)
    while (await shipper.ship()).acknowledged:
        pass
    await sink.close()
