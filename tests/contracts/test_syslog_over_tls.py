"""Syslog over TLS to a real rsyslog that asks for the client's certificate (RFC 5425)."""

from pathlib import Path

import pytest

from audit.sinks import stream
from audit.sinks.stream import Address, tls_context
from audit.sinks.syslog import SyslogSink
from tests.audit.sinks.certificates import write_certificates
from tests.audit.sinks.entries import ORIGIN, make_entries
from tests.patience import PATIENCE
from tests.real.rsyslog import RsyslogReceiver

pytestmark = pytest.mark.real


def sink_as(receiver: RsyslogReceiver, name: str | None, ca: Path | None = None) -> SyslogSink:
    """Return a sink with the certificate ``name`` that trusts the receiver's own authority, or ``ca``."""
    folder = receiver.folder
    certificate, key = (folder / f"{name}.pem", folder / f"{name}.key") if name else (None, None)
    tls = tls_context(ca or folder / "ca.pem", certificate, key)
    return SyslogSink(Address("127.0.0.1", receiver.tls_port, tls), origin=ORIGIN)


async def test_entries_arrive_under_tls(rsyslog_receiver: RsyslogReceiver) -> None:
    rsyslog_receiver.forget()
    sink = sink_as(rsyslog_receiver, "client")
    assert (await sink.deliver(make_entries(0, 500))).acknowledged == 500
    assert (await sink.deliver(make_entries(500, 600))).acknowledged == 100
    await sink.close()
    assert rsyslog_receiver.wait_for(600) == list(range(600))


@pytest.mark.parametrize("name", [None, "stranger"])
async def test_without_a_certificate_that_counts_nothing_counts(
    rsyslog_receiver: RsyslogReceiver, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Under TLS 1.3 the connection stands and the first bytes are taken before the receiver judges the client.
    # A receiver that is not let run judges later than the product waits; its refusal ends the wait.
    monkeypatch.setattr(stream, "PROBATION", PATIENCE)
    rsyslog_receiver.forget()
    sink = sink_as(rsyslog_receiver, name)
    found = await sink.deliver(make_entries(0, 5))
    assert (found.acknowledged, found.blocked is None) == (0, False)
    assert rsyslog_receiver.sequences() == []


async def test_a_receiver_of_another_authority_is_not_talked_to(
    rsyslog_receiver: RsyslogReceiver, tmp_path: Path
) -> None:
    write_certificates(tmp_path)
    sink = sink_as(rsyslog_receiver, "client", tmp_path / "ca.pem")
    found = await sink.deliver(make_entries(0, 5))
    assert (found.acknowledged, found.blocked is None) == (0, False)
