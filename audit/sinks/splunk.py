"""Splunk's HTTP Event Collector with indexer acknowledgement.

Its 200 says only that the request looked valid; an event counts as kept once the acknowledgement id of its
request is reported as true. Source: Splunk Enterprise, "Use the HTTP Event Collector" and "About HTTP Event
Collector Indexer Acknowledgment". Splunk does not drop repetitions: searches do so by ``event.sequence``.
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import orjson

from audit.formats import ECS, Format
from audit.head import parse_time
from audit.sinks.http import HttpClient, Reply, UnreachedError
from audit.sinks.laid import Laid, apart_of, lay_out
from audit.sinks.parts import deliver_parts, halves
from audit.sinks.port import Delivery, Health, Shipment

EVENTS: Final = "/services/collector/event"
ACKNOWLEDGEMENTS: Final = "/services/collector/ack"
SOURCETYPE: Final = "guildhall:audit"
AGAIN: Final = 1_000
PATIENCE: Final = 60.0
FIRST_POLL, LONGEST_POLL = 0.1, 2.0
INVALID_EVENT: Final = 6
NO_DATA: Final = 5
SECONDS: Final = 1_000_000


class SplunkSink:
    """Sends to one collector.

    Args:
        client: posts to the collector's base address.
        token: the collector's token; its "indexer acknowledgement" must be on.
        origin: the log's name, in each event.
        index: Splunk's index; None for the token's own.
        name: the key of the cursor.
        form: what documents look like.
        patience: seconds until an unacknowledged request is given up and sent again.
    """

    def __init__(
        self,
        client: HttpClient,
        token: str,
        *,
        origin: str,
        index: str | None = None,
        name: str = "splunk",
        form: Format = ECS,
        patience: float = PATIENCE,
    ) -> None:
        self._client = client
        self._origin = origin
        self._form = form
        self._index = index
        self._name = name
        self._patience = patience
        self._headers = {"authorization": f"Splunk {token}", "x-splunk-request-channel": str(uuid4())}

    @property
    def name(self) -> str:
        """The key of its cursor."""
        return self._name

    async def deliver(self, entries: Sequence[Shipment]) -> Delivery:
        """Send the entries and wait until the indexers have them."""
        return await self._deliver(list(lay_out(entries, origin=self._origin, form=self._form)))

    async def ping(self) -> Health:
        """Say whether the collector takes this token; nobody can ask it what it holds."""
        try:
            reply = await self._client.post(EVENTS, self._headers, b"")
        except UnreachedError as error:
            return Health(ok=False, sentence=str(error), again=AGAIN)
        # An empty request with a good token is refused for having no data, and for nothing else.
        ok = _code(reply) == NO_DATA
        sentence = "Splunk takes events." if ok else explain(reply)
        return Health(ok=ok, sentence=sentence, again=AGAIN)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _deliver(self, laid: Sequence[Laid]) -> Delivery:
        if not laid:
            return Delivery(0)
        try:
            reply = await self._client.post(EVENTS, self._headers, b"".join(map(self._write, laid)))
            if reply.status != HTTPStatus.OK:
                return await self._cope(laid, reply)
            return await self._wait(laid, reply)
        except UnreachedError as error:
            return Delivery(0, blocked=str(error))

    async def _wait(self, laid: Sequence[Laid], reply: Reply) -> Delivery:
        number = _read(reply).get("ackId")
        if not isinstance(number, int):
            return Delivery(0, blocked="Indexer acknowledgement is off for this Splunk token: turn it on.")
        if await self._is_acknowledged(number):
            return Delivery(len(laid), quarantined=apart_of(laid))
        return Delivery(0, blocked=f"Splunk did not acknowledge events in {self._patience:g} s.")

    async def _is_acknowledged(self, number: int) -> bool:
        asked, pause = orjson.dumps({"acks": [number]}), FIRST_POLL
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    reply = await self._client.post(ACKNOWLEDGEMENTS, self._headers, asked)
                    if _read(reply).get("acks", {}).get(str(number)) is True:
                        return True
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_POLL)
        except TimeoutError:
            return False

    async def _cope(self, laid: Sequence[Laid], reply: Reply) -> Delivery:
        """Send what is too large in halves, and what is refused for its form with its original only."""
        if reply.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(laid) > 1:
            return await deliver_parts(self._deliver, *halves(laid))
        refused = _refused_of(reply, len(laid))
        if refused is not None and not laid[refused].apart:
            bare = [self._set_apart(laid[refused])]
            return await deliver_parts(self._deliver, laid[:refused], bare, laid[refused + 1 :])
        return Delivery(0, blocked=explain(reply))

    def _set_apart(self, one: Laid) -> Laid:
        entry = one.entry
        bare = self._form.original_only(entry.index, entry.head, entry.leaf, origin=self._origin)
        return Laid(entry, bare, apart=True)

    def _write(self, one: Laid) -> bytes:
        event: dict[str, Any] = {
            "event": one.document,
            "host": self._origin.partition("/")[0],
            "source": self._origin,
            "sourcetype": SOURCETYPE,
        }
        if "time" in (fields := one.fields):
            event["time"] = parse_time(fields["time"]) / SECONDS
        if self._index is not None:
            event["index"] = self._index
        return orjson.dumps(event)


def explain(reply: Reply) -> str:
    """Return what a refused request means, in one sentence."""
    if reply.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return f"Splunk refuses this token ({reply.status})."
    if reply.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "One entry is larger than Splunk accepts (413)."
    if reply.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return f"Splunk is busy ({reply.status})."
    return f"Splunk failed ({reply.status})."


def _refused_of(reply: Reply, length: int) -> int | None:
    """Return the place of the event that Splunk calls invalid."""
    place = _read(reply).get("invalid-event-number")
    if _code(reply) == INVALID_EVENT and isinstance(place, int) and 0 <= place < length:
        return place
    return None


def _code(reply: Reply) -> object:
    return _read(reply).get("code")


def _read(reply: Reply) -> dict[str, Any]:
    try:
        found = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
