"""The log's followers: which are configured, how far each has come, and a test that asks one how it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from audit.event import Outcome, Part
from audit.events import Action
from audit.following.alarm import AGAIN, clear_flag
from audit.head import format_time
from audit.sinks.port import Health, Sink
from console.admin.health import Follower, read_followers
from console.disclosing import disclosures
from console.errors import NotFoundError
from console.followers import build_sinks
from console.questions import Resource
from console.work import UnitOfWork
from policy.models import ChangeKind
from policy.permissions import Permission

ABSENT = "No follower of this name is configured."


class SinkRead(BaseModel):
    """A follower: how far it has come, what it lacks, and since how many seconds the oldest of it waits.

    It holds every entry below `next_index`, and so all that was signed until `complete_until` (RFC 3339).
    `details` when two people let it be told details in clear; else it is told pseudonyms.
    """

    name: str
    state: str
    next_index: int
    lacks: int
    seconds: int
    complete_until: str | None
    error: str | None
    details: bool = False


class SinkClear(BaseModel):
    """Clears an alarm; `again` hands everything over once more, from entry 0."""

    model_config = ConfigDict(extra="forbid")

    again: bool = False


class SinkCleared(BaseModel):
    """The entry whose arrival in the log lets the worker clear the alarm."""

    name: str
    event: UUID


class SinkTested(BaseModel):
    """What a test found, in one sentence."""

    name: str
    ok: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Sinks:
    """What the page of followers shows; `tested` is the answer to the test just made."""

    sinks: Sequence[SinkRead]
    may_test: bool
    may_clear: bool
    may_ask: bool
    tested: SinkTested | None = None


async def list_sinks(work: UnitOfWork) -> Sequence[SinkRead]:
    """Return every configured follower, and those that shipped once and are configured no more.

    Raises:
        RefusedError: the principal may not see them.
    """
    await work.authorize(Permission.SINK_READ, Resource("sink"))
    known = {one.name: _read(one) for one in await read_followers(work.services)}
    configured = await _names(work)
    waiting = {
        name: SinkRead(
            name=name, state="waiting", next_index=0, lacks=0, seconds=0, complete_until=None, error=None
        )
        for name in configured
        if name not in known
    }
    gone = {
        name: one.model_copy(update={"state": "off"}) for name, one in known.items() if name not in configured
    }
    told = await disclosures(work.services)
    return [
        one.model_copy(update={"details": told.get(name, False)})
        for name, one in sorted((known | waiting | gone).items())
    ]


async def open_sinks(work: UnitOfWork, tested: SinkTested | None = None) -> Sinks:
    """Return the page of followers.

    Raises:
        RefusedError: the principal may not see them.
    """
    sinks = await list_sinks(work)
    may_test = await work.allowed(Permission.SINK_TEST, Resource("sink"))
    may_clear = await work.allowed(Permission.SINK_UPDATE, Resource("sink"))
    asking = Resource("change", None, {"kind": ChangeKind.SINK.value})
    return Sinks(sinks, may_test, may_clear, await work.allowed(Permission.CHANGE_CREATE, asking), tested)


async def try_sink(work: UnitOfWork, name: str) -> SinkTested:
    """Ask one follower whether it can be delivered to, and record what it said.

    Raises:
        RefusedError: the principal may not test followers.
        NotFoundError: none of this name is configured.
    """
    await work.authorize(Permission.SINK_TEST, Resource("sink"))
    health = await _ping(work, name)
    content = {"name": name, "ok": health.ok, "sentence": health.sentence}
    async with work.write():
        await work.record(
            Action.SINK_TEST,
            resource=Resource("sink"),
            outcome=Outcome.SUCCESS if health.ok else Outcome.FAILURE,
            parts=[Part(name="test", subject=None, content=content)],
        )
    return SinkTested(name=name, ok=health.ok, sentence=health.sentence)


async def clear_sink(work: UnitOfWork, name: str, wanted: SinkClear) -> SinkCleared:
    """Record that a person has looked into a follower's alarm; the worker reads it in the log and obeys.

    Raises:
        RefusedError: the principal may not change followers.
        NotFoundError: none of this name is configured.
    """
    await work.authorize(Permission.SINK_UPDATE, Resource("sink"))
    if name not in await _names(work):
        raise NotFoundError(ABSENT)
    again = (AGAIN,) if wanted.again else ()
    async with work.write():
        event = await work.record(
            Action.SINK_UPDATE, resource=Resource("sink"), flags=(clear_flag(name), *again)
        )
    return SinkCleared(name=name, event=event)


async def _ping(work: UnitOfWork, name: str) -> Health:
    sinks = build_sinks(work.services.settings)
    try:
        for sink in sinks:
            if sink.name == name:
                return await sink.ping()
    finally:
        await _close(sinks)
    raise NotFoundError(ABSENT)


async def _names(work: UnitOfWork) -> set[str]:
    sinks = build_sinks(work.services.settings)
    try:
        return {sink.name for sink in sinks}
    finally:
        await _close(sinks)


async def _close(sinks: Sequence[Sink]) -> None:
    for sink in sinks:
        await sink.close()


def _read(one: Follower) -> SinkRead:
    return SinkRead(
        name=one.name,
        state=one.state,
        next_index=one.shipped,
        lacks=one.lacks,
        seconds=one.seconds,
        complete_until=None if one.complete_until is None else format_time(one.complete_until),
        error=one.error,
    )
