import base64
import time
from collections.abc import AsyncIterator

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from audit.sinks.http import HttpClient
from audit.sinks.port import Delivery
from audit.sinks.webhook import SecretError, WebhookSink, read_secret, sign
from tests.audit.sinks.entries import ORIGIN, make_entries
from tests.audit.sinks.webhook_receiver import SECRET, Receiver, start


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    runner = await start(made)
    yield made
    await runner.cleanup()


@pytest.fixture
async def sink(receiver: Receiver) -> AsyncIterator[WebhookSink]:
    opened = open_sink(receiver, SECRET)
    yield opened
    await opened.close()


def open_sink(receiver: Receiver, secret: str) -> WebhookSink:
    client = HttpClient(receiver.url, networks=["127.0.0.0/8"])
    return WebhookSink(client, read_secret(secret), origin=ORIGIN, clock=lambda: time.time_ns() // 1_000)


async def test_the_official_library_believes_what_comes(receiver: Receiver, sink: WebhookSink) -> None:
    assert await sink.deliver(make_entries(0, 3)) == Delivery(3)
    (message,) = receiver.messages.values()
    assert message["type"] == "audit.entries"
    assert (message["data"]["log"], message["data"]["first"], message["data"]["last"]) == (ORIGIN, 0, 2)
    assert receiver.forged == 0


async def test_a_batch_sent_again_has_the_same_id(receiver: Receiver, sink: WebhookSink) -> None:
    for _ in range(3):
        await sink.deliver(make_entries(0, 3))
    assert (receiver.deliveries, len(receiver.messages)) == (3, 1)


async def test_another_secret_is_not_believed(receiver: Receiver) -> None:
    sink = open_sink(receiver, "whsec_" + base64.b64encode(bytes(32)).decode())
    found = await sink.deliver(make_entries(0, 1))
    assert found == Delivery(0, blocked="The receiver did not take the message (401).")
    assert receiver.forged == 1
    await sink.close()


async def test_what_is_too_large_is_halved(receiver: Receiver, sink: WebhookSink) -> None:
    receiver.largest = 5_000
    assert await sink.deliver(make_entries(0, 20)) == Delivery(20)
    assert receiver.sequences() == list(range(20))


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (410, "The receiver wants no more messages (410): take the webhook out of the settings."),
        (429, "The receiver is busy (429)."),
        (302, "The receiver did not take the message (302)."),
        (500, "The receiver did not take the message (500)."),
    ],
)
async def test_only_a_status_of_success_counts(
    receiver: Receiver, sink: WebhookSink, status: int, sentence: str
) -> None:
    receiver.refuse.append(status)
    assert await sink.deliver(make_entries(0, 2)) == Delivery(0, blocked=sentence)
    assert await sink.deliver(make_entries(0, 2)) == Delivery(2)


async def test_a_ping_is_a_signed_message_without_entries(receiver: Receiver, sink: WebhookSink) -> None:
    assert (await sink.ping()).ok
    (message,) = receiver.messages.values()
    assert (message["type"], message["data"]) == ("audit.ping", {"log": ORIGIN})


@pytest.mark.parametrize("change", ["id", "time", "body"])
def test_a_signature_covers_id_time_and_body(change: str) -> None:
    now, body = int(time.time()), b'{"a":1}'
    headers = {
        "webhook-id": "two" if change == "id" else "one",
        "webhook-timestamp": str(now + (change == "time")),
        "webhook-signature": sign(read_secret(SECRET), "one", now, body),
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(b'{"a":2}' if change == "body" else body, headers)


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_!!!!", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_")]
)
def test_what_is_no_secret_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(SecretError) as caught:
        read_secret(text)
    assert len(text) < 8 or text not in str(caught.value)
