"""A webhook signed as Standard Webhooks say: each batch is one message with an id, a time and a signature.

Source: https://www.standardwebhooks.com, specification 1.0.0 (symmetric, ``v1``). The id is the same when a
batch is sent again, so a receiver can drop what it has seen.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

import orjson

from audit.errors import AuditError
from audit.formats import ECS, Format
from audit.head import format_time
from audit.sinks.http import HttpClient, Reply, UnreachedError
from audit.sinks.laid import Laid, apart_of, lay_out
from audit.sinks.parts import deliver_parts, halves
from audit.sinks.port import Delivery, Health, Shipment

PREFIX: Final = "whsec_"
SECRET_SIZES: Final = range(24, 65)
SECONDS: Final = 1_000_000
ENTRIES, PING = "audit.entries", "audit.ping"


class SecretError(AuditError):
    """A webhook's secret is not one."""


def read_secret(text: str) -> bytes:
    """Return the bytes of a secret written as ``whsec_`` and base64 of 24 to 64 bytes.

    Raises:
        SecretError: it is not written so; the sentence does not repeat it.
    """
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise SecretError("A webhook's secret is whsec_ and base64.") from None
    if not text.startswith(PREFIX) or len(secret) not in SECRET_SIZES:
        raise SecretError("A webhook's secret is whsec_ and base64 of 24 to 64 bytes.")
    return secret


def sign(secret: bytes, identity: str, seconds: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``: version, comma, HMAC-SHA256 in base64."""
    signed = b"%s.%d.%s" % (identity.encode(), seconds, body)
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


class WebhookSink:
    """Posts to one receiver.

    Args:
        client: posts to the receiver's address.
        secret: what ``read_secret`` returned.
        origin: the log's name, in each message.
        clock: tells microseconds UTC; the time of a message.
        name: the key of the cursor.
        form: what documents look like.
    """

    def __init__(
        self,
        client: HttpClient,
        secret: bytes,
        *,
        origin: str,
        clock: Callable[[], int],
        name: str = "webhook",
        form: Format = ECS,
    ) -> None:
        self._client = client
        self._secret = secret
        self._origin = origin
        self._form = form
        self._clock = clock
        self._name = name

    @property
    def name(self) -> str:
        """The key of its cursor."""
        return self._name

    async def deliver(self, entries: Sequence[Shipment]) -> Delivery:
        """Post the entries as one message, or as several when one is too large."""
        return await self._deliver(list(lay_out(entries, origin=self._origin, form=self._form)))

    async def ping(self) -> Health:
        """Post a message without entries; the receiver answers it like any other."""
        try:
            reply = await self._post(f"{self._stem()}-ping-{self._clock()}", PING, {"log": self._origin})
        except UnreachedError as error:
            return Health(ok=False, sentence=str(error))
        ok = _is_taken(reply)
        return Health(ok=ok, sentence="The receiver takes messages." if ok else explain(reply))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _deliver(self, laid: Sequence[Laid]) -> Delivery:
        if not laid:
            return Delivery(0)
        first, last = laid[0].entry.index, laid[-1].entry.index
        data = {"log": self._origin, "first": first, "last": last, "entries": [one.document for one in laid]}
        try:
            reply = await self._post(f"{self._stem()}-{first}-{last}", ENTRIES, data)
        except UnreachedError as error:
            return Delivery(0, blocked=str(error))
        if _is_taken(reply):
            return Delivery(len(laid), quarantined=apart_of(laid))
        if reply.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(laid) > 1:
            return await deliver_parts(self._deliver, *halves(laid))
        return Delivery(0, blocked=explain(reply))

    async def _post(self, identity: str, kind: str, data: dict[str, object]) -> Reply:
        now = self._clock()
        body = orjson.dumps({"type": kind, "timestamp": format_time(now), "data": data})
        headers = {
            "content-type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": str(now // SECONDS),
            "webhook-signature": sign(self._secret, identity, now // SECONDS, body),
        }
        return await self._client.post("", headers, body)

    def _stem(self) -> str:
        return hashlib.sha256(self._origin.encode()).hexdigest()[:16]


def explain(reply: Reply) -> str:
    """Return what a refused message means, in one sentence."""
    if reply.status == HTTPStatus.GONE:
        return "The receiver wants no more messages (410): take the webhook out of the settings."
    if reply.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "One entry is larger than the receiver accepts (413)."
    if reply.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return f"The receiver is busy ({reply.status})."
    return f"The receiver did not take the message ({reply.status})."


def _is_taken(reply: Reply) -> bool:
    return HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES
