"""Syslog over TCP or TLS: RFC 5424 messages with octet counting (RFC 6587, RFC 5425).

Syslog has no answer that says a message was kept. What the receiver's kernel acknowledged counts as taken,
and after every broken connection the last thousand entries are handed over again: the receiver drops what it
holds by the index in the structured data.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from audit.formats import ECS, Format
from audit.sinks.laid import apart_of, lay_out
from audit.sinks.port import Delivery, Health, Shipment
from audit.sinks.rfc5424 import frame
from audit.sinks.stream import TIMEOUT, Address, Stream

AGAIN: Final = 1_000


class SyslogSink:
    """Sends to one receiver.

    Args:
        address: where, and whether under TLS.
        origin: the log's name, in each message.
        name: the key of the cursor.
        form: what documents look like.
        timeout: seconds until a receiver that takes nothing is given up.
    """

    def __init__(
        self,
        address: Address,
        *,
        origin: str,
        name: str = "syslog",
        form: Format = ECS,
        timeout: float = TIMEOUT,
    ) -> None:
        self._address = address
        self._timeout = timeout
        self._origin = origin
        self._form = form
        self._name = name
        self._stream: Stream | None = None

    @property
    def name(self) -> str:
        """The key of its cursor."""
        return self._name

    async def deliver(self, entries: Sequence[Shipment]) -> Delivery:
        """Send the entries; they count once the receiver's kernel has them."""
        laid = list(lay_out(entries, origin=self._origin, form=self._form))
        try:
            await asyncio.to_thread(self._send, b"".join(frame(one, origin=self._origin) for one in laid))
        except OSError as error:
            self._drop()
            return Delivery(0, blocked=f"The syslog receiver cannot be reached: {_explain(error)}.")
        return Delivery(len(laid), quarantined=apart_of(laid))

    async def ping(self) -> Health:
        """Say whether the receiver takes connections; nobody can ask it what it holds."""
        try:
            await asyncio.to_thread(self._connected)
        except OSError as error:
            sentence = f"The syslog receiver cannot be reached: {_explain(error)}."
            return Health(ok=False, sentence=sentence, again=AGAIN)
        return Health(ok=True, sentence="The syslog receiver takes messages.", again=AGAIN)

    async def close(self) -> None:
        """End the connection."""
        self._drop()

    def _send(self, data: bytes) -> None:
        if data:
            self._connected().send(data)

    def _connected(self) -> Stream:
        if self._stream is None:
            self._stream = Stream(self._address, self._timeout)
        return self._stream

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _explain(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).rstrip(".").lower()
