"""Followers are told pseudonyms; one that two people let have details has them, and forgets if it can."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson
import pytest
from uuid_utils.compat import uuid7

from audit.models import Disclosure
from audit.sinks.cursor import read_batch
from audit.sinks.elasticsearch import open_elasticsearch
from audit.sinks.port import Shipment
from console.disclosing import ForgettingCopies, Leave
from tests.audit.sinks import fake_elasticsearch as server
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch
from tests.console.custody.conftest import Office
from tests.console.gateway.records import Worker

pytestmark = pytest.mark.slow

ASKED = {"sink": "file", "details": True}


async def logged(office: Office) -> Sequence[Shipment]:
    await Worker(office.services).drain()
    return await read_batch(office.services.log.engine, 0, 1_000)


async def told(office: Office, sink: str = "file") -> list[str]:
    """The addresses that a follower would be told of all that is logged."""
    entries = await Leave(office.services, sink).tell(await logged(office))
    return [
        str(one.told.fields["source.ip"]) for one in entries if one.told and "source.ip" in one.told.fields
    ]


async def test_details_take_two_people_and_each_step_is_an_event(office: Office) -> None:
    change = await office.ask("admin", "/disclosures", **ASKED)
    assert change["required"] == [{"group": "reviewer", "count": 1}]
    await office.approve(change)
    assert await office.acts(change) == [
        "change.create", "change.review", "sink.disclose", "change.execute"
    ]  # fmt: skip
    assert len(await told(office)) >= 3
    (file,) = [one for one in (await office.get("auditor", "/sinks"))["items"] if one["name"] == "file"]
    assert file["details"] is True


async def test_another_follower_is_still_told_pseudonyms(office: Office) -> None:
    await office.approve(await office.ask("admin", "/disclosures", **ASKED))
    assert await told(office, "syslog") == []


async def test_what_is_asked_for_and_not_approved_tells_nothing(office: Office) -> None:
    await office.ask("admin", "/disclosures", **ASKED)
    assert await told(office) == []


async def test_taken_back_it_is_told_pseudonyms_again(office: Office) -> None:
    await office.approve(await office.ask("admin", "/disclosures", **ASKED))
    assert await told(office)
    await office.approve(await office.ask("admin", "/disclosures", **ASKED | {"details": False}))
    assert await told(office) == []


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"sink": "nowhere", "details": True}, "no_follower"),
        ({"sink": "file", "details": False}, "nothing_to_change"),
    ],
)
async def test_what_changes_nothing_is_refused(office: Office, asked: dict[str, Any], reason: str) -> None:
    assert await office.refused("admin", "/disclosures", **asked) == (409, [reason])


@pytest.mark.parametrize("who", ["auditor", "reviewer", "owner", "member"])
async def test_only_an_admin_asks(office: Office, who: str) -> None:
    assert await office.refused(who, "/disclosures", **ASKED) == (403, ["may_not_ask"])


async def test_who_answers_is_told_that_a_file_does_not_forget(office: Office) -> None:
    change = await office.ask("admin", "/disclosures", **ASKED)
    detail = await office.get("reviewer", f"/changes/{change['id']}")
    assert detail["consequences"][1]["text"].startswith("This follower cannot forget.")


async def test_a_row_made_in_sql_lets_nobody_have_anything(office: Office) -> None:
    async with office.services.database.write() as session:
        session.add(Disclosure(id=uuid7(), sink="file", details=True, change_id=uuid7(), created=1))
    await office.get("auditor", "/audit/events", q="action:sink.read")
    assert await told(office) == []


async def test_while_nobody_can_say_pseudonyms_are_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.approve(await office.ask("admin", "/disclosures", **ASKED))
    entries, leave, asked = await logged(office), Leave(office.services, "file"), list[object]()

    async def away(_: object) -> Mapping[str, bool]:
        asked.append(_)
        raise OSError

    monkeypatch.setattr("console.disclosing.disclosures", away)
    for _ in range(3):
        assert [one for one in await leave.tell(entries) if one.told] == []
    assert len(asked) == 1


@pytest.fixture
async def fake() -> AsyncIterator[FakeElasticsearch]:
    made = FakeElasticsearch()
    runner = await server.start(made)
    yield made
    await runner.cleanup()


async def test_a_follower_that_can_forget_does_when_leave_is_taken_back(
    office: Office, fake: FakeElasticsearch
) -> None:
    """By the file's name: which followers are configured is of no matter to who forgets."""
    services, origin = office.services, office.services.settings.audit.origin
    sink = open_elasticsearch(fake.url, origin=origin, name="file")
    keeper = ForgettingCopies(services, [sink])
    assert await keeper.look() == 0
    await office.approve(await office.ask("admin", "/disclosures", **ASKED))
    entries = await Leave(services, "file").tell(await logged(office))
    await sink.deliver(entries)
    assert b"disclosed" in orjson.dumps([*fake.documents.values()])
    assert await keeper.look() == 0
    await office.approve(await office.ask("admin", "/disclosures", **ASKED | {"details": False}))
    await logged(office)
    assert await keeper.look() >= 3
    assert b'"disclosed"' not in orjson.dumps([*fake.documents.values()])
    assert fake.overwritten == []
    await sink.close()
