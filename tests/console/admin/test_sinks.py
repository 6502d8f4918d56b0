"""The followers' page and API: who sees what, and what a test says and leaves behind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from audit.sinks.cursor import Position, State, write_position
from console.services import Services
from console.settings import load_settings
from tests.audit.sinks import fake_elasticsearch, fake_splunk, syslog_receiver, webhook_receiver
from tests.audit.sinks.fake_elasticsearch import FakeElasticsearch
from tests.audit.sinks.fake_splunk import FakeSplunk
from tests.console.conftest import TokenFor
from tests.console.visitor import Visitor, heads, visit
from tests.real.server import free_port

pytestmark = pytest.mark.slow  # each builds the whole console
LOOPBACK = ["127.0.0.0/8"]


async def arrive(services: Services, person: str) -> Visitor:
    visitor = visit(services)
    await visitor.sign_in(person)
    return visitor


async def test_each_page_is_for_whom_it_is(services: Services, teams: object) -> None:
    seen = {}
    for person in ("member", "reviewer", "auditor", "admin"):
        visitor = await arrive(services, person)
        answer = await visitor.client.get("/admin/sinks")
        seen[person] = (answer.status_code, "/admin/sinks/file/test" in answer.text)
    assert seen == {
        "member": (403, False),
        "reviewer": (403, False),
        "auditor": (200, False),
        "admin": (200, True),
    }


async def test_an_admin_tests_a_follower_and_it_says_how_it_is(services: Services, teams: object) -> None:
    admin = await arrive(services, "admin")
    answer = await admin.client.post("/admin/sinks/file/test", data={"_csrf": await admin.token()})
    assert answer.status_code == 200
    assert "file answers" in answer.text
    assert "ecs.ndjson can be written." in answer.text


@asynccontextmanager
async def receivers() -> AsyncIterator[dict[str, Any]]:
    """One receiver of each kind, and the settings that lead to it."""
    elasticsearch, splunk, webhook = FakeElasticsearch(), FakeSplunk(), webhook_receiver.Receiver()
    runners = [
        await fake_elasticsearch.start(elasticsearch),
        await fake_splunk.start(splunk),
        await webhook_receiver.start(webhook),
    ]
    syslog = syslog_receiver.Receiver()
    listening = syslog_receiver.Server(syslog)
    yield {
        "elasticsearch": {"url": elasticsearch.url},
        "splunk": {"url": splunk.url, "token": fake_splunk.TOKEN, "networks": LOOPBACK},
        "syslog": {"host": "127.0.0.1", "port": syslog.port, "tls": False},
        "webhook": {"url": webhook.url, "secret": webhook_receiver.SECRET, "networks": LOOPBACK},
    }
    listening.end()
    for runner in runners:
        await runner.cleanup()


async def test_each_kind_of_follower_has_its_button_on_the_page_and_in_the_api(
    services: Services, teams: object, token_for: TokenFor
) -> None:
    async with receivers() as given:
        settings = load_settings(data=services.settings.data, audit=given)
        followed = replace(services, settings=settings)
        admin = await arrive(followed, "admin")
        page, csrf = (await admin.client.get("/admin/sinks")).text, await admin.token()
        headers = {"Authorization": f"Bearer {token_for('admin')}"}
        for name in ("file", *given):
            assert f'action="/admin/sinks/{name}/test"' in page, name
            pressed = await admin.client.post(f"/admin/sinks/{name}/test", data={"_csrf": csrf})
            assert (pressed.status_code, f"{name} answers" in pressed.text) == (200, True), name
            asked = await admin.client.post(f"/api/v1/sinks/{name}/test", headers=headers)
            assert (asked.status_code, asked.json()["ok"]) == (200, True), (name, asked.text)
    told = await heads(services, "sink.test")
    assert [head["outcome"] for head in told] == ["success"] * 10


async def test_a_receiver_that_is_away_is_said_and_recorded(services: Services, teams: object) -> None:
    given = {"syslog": {"host": "127.0.0.1", "port": free_port(), "tls": False}}
    settings = load_settings(data=services.settings.data, audit=given)
    admin = await arrive(replace(services, settings=settings), "admin")
    pressed = await admin.client.post("/admin/sinks/syslog/test", data={"_csrf": await admin.token()})
    assert "The syslog receiver cannot be reached: connection refused." in pressed.text
    assert [head["outcome"] for head in await heads(services, "sink.test")] == ["failure"]


async def test_an_unknown_follower_is_not_found(services: Services, teams: object) -> None:
    admin = await arrive(services, "admin")
    answer = await admin.client.post("/admin/sinks/nothing/test", data={"_csrf": await admin.token()})
    assert answer.status_code == 404


async def test_only_an_admin_clears_an_alarm_and_the_act_is_in_the_log(
    services: Services, teams: object
) -> None:
    sentence = "file holds something else than the log as entry 3."
    await write_position(services.log.engine, "file", Position(9, State.ALARM, sentence, alarm_at=9), 0)
    auditor = await arrive(services, "auditor")
    assert "Clear" not in (await auditor.client.get("/admin/sinks")).text
    refused = await auditor.client.post("/admin/sinks/file/clear", data={"_csrf": await auditor.token()})
    assert refused.status_code == 403
    admin = await arrive(services, "admin")
    assert "the alarm of file" in (await admin.client.get("/admin/sinks")).text
    sent = await admin.client.post("/admin/sinks/file/clear", data={"_csrf": await admin.token()})
    assert (sent.status_code, sent.headers["location"]) == (303, "/admin/sinks")
    told = await heads(services, "sink.update")
    assert [(head["outcome"], head.get("flags")) for head in told] == [
        ("denied", None),
        ("success", ["clear:file"]),
    ]
    lost = await admin.client.post("/admin/sinks/nothing/clear", data={"_csrf": await admin.token()})
    assert lost.status_code == 404
