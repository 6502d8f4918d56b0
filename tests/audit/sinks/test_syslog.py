from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest

from audit.formats import OCSF
from audit.sinks.laid import lay_out
from audit.sinks.rfc5424 import frame, write_message
from audit.sinks.stream import Address
from audit.sinks.syslog import AGAIN, SyslogSink
from audit.tree.merkle import leaf_hash
from tests.audit.sinks.entries import ORIGIN, make_entries, make_entry, make_unreadable
from tests.audit.sinks.syslog_receiver import Receiver, Server, StoppedReceiver, read_message


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def listening(receiver: Receiver) -> Iterator[Server]:
    server = Server(receiver)
    yield server
    server.end()


def written(index: int, origin: str = ORIGIN) -> dict[str, bytes]:
    (laid,) = lay_out([make_entry(index)], origin=origin)
    return read_message(write_message(laid, origin=origin))


def test_a_message_carries_time_host_and_action_in_its_header() -> None:
    message = written(0)
    assert message["time"].endswith(b"Z")
    assert message["host"] == b"guildhall.test"
    assert (message["app"], message["process"], message["id"]) == (b"guildhall", b"-", b"model.invoke")


@pytest.mark.parametrize(("index", "priority"), [(0, 13 * 8 + 6), (1, 13 * 8 + 5)])
def test_the_severity_follows_the_outcome(index: int, priority: int) -> None:
    assert int(written(index)["priority"]) == priority


def test_structured_data_lets_a_receiver_drop_what_it_holds() -> None:
    leaf = make_entry(3).leaf.hex().encode()
    assert written(3)["data"] == b'[guildhall@32473 sequence="3" hash="%s" log="%s"]' % (
        leaf,
        ORIGIN.encode(),
    )


def test_quotes_brackets_and_backslashes_are_escaped_in_structured_data() -> None:
    assert rb'log="a/\"\]\\"' in written(0, origin='a/"]\\')["data"]


def test_spaces_and_foreign_letters_never_reach_the_header() -> None:
    assert written(0, origin="gïld hall/log")["host"] == b"g_ld_hall"


def test_what_is_no_head_is_an_error_with_the_original() -> None:
    (laid,) = lay_out([make_unreadable(7)], origin=ORIGIN)
    message = read_message(write_message(laid, origin=ORIGIN))
    assert (int(message["priority"]), message["time"], message["id"]) == (13 * 8 + 3, b"-", b"-")
    assert laid.apart


def test_the_message_may_be_an_event_of_ocsf_with_the_same_header() -> None:
    (laid,) = lay_out([make_entry(1)], origin=ORIGIN, form=OCSF)
    message = read_message(write_message(laid, origin=ORIGIN))
    assert {name: message[name] for name in ("priority", "time", "id", "data")} == {
        name: written(1)[name] for name in ("priority", "time", "id", "data")
    }
    assert orjson.loads(message["text"])["class_uid"] == 6003


def test_a_frame_counts_octets_and_not_letters() -> None:
    entry = make_entry(0)
    head = entry.head.replace(b"gateway-1", "gäteway-1".encode())
    (laid,) = lay_out([replace(entry, head=head, leaf=leaf_hash(head))], origin=ORIGIN)
    length, _, message = frame(laid, origin=ORIGIN).partition(b" ")
    assert int(length) == len(message) > len(message.decode())


async def test_nobody_listening_is_a_delay_with_a_sentence() -> None:
    sink = SyslogSink(Address("127.0.0.1", 1), origin=ORIGIN)
    found = await sink.deliver(make_entries(0, 2))
    assert found.acknowledged == 0
    assert found.blocked == "The syslog receiver cannot be reached: connection refused."
    health = await sink.ping()
    assert (health.ok, health.again) == (False, AGAIN)


async def test_a_receiver_that_ends_is_found_out_before_anything_counts(
    receiver: Receiver, listening: Server
) -> None:
    sink = SyslogSink(Address("127.0.0.1", receiver.port), origin=ORIGIN)
    assert (await sink.deliver(make_entries(0, 3))).acknowledged == 3
    listening.end()
    listening.close_all()
    found = await sink.deliver(make_entries(3, 6))
    assert (found.acknowledged, found.blocked is None) == (0, False)
    again = Server(receiver)
    assert (await sink.deliver(make_entries(3, 6))).acknowledged == 3
    await sink.close()
    again.end()


async def test_a_receiver_that_reads_nothing_is_given_up(receiver: Receiver) -> None:
    with StoppedReceiver() as stopped:
        sink = SyslogSink(Address("127.0.0.1", stopped.port), origin=ORIGIN, timeout=0.3)
        found = await sink.deliver(make_entries(0, 6_000))
    assert (found.acknowledged, found.blocked) == (
        0,
        "The syslog receiver cannot be reached: timed out.",
    )
