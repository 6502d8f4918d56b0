"""Calls as a gateway process leaves them: intents with two sealed parts, outcomes with one."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from uuid_utils.compat import uuid7

from audit.event import Event, Outcome, Part, Resource
from audit.events import Action
from audit.fold import CallOutcome
from audit.spool.writer import SpoolWriter
from audit.subjects.keyring import MemoryKeyRing, new_key
from audit.written import write_outcome, write_record

CALLERS = 64
PEOPLE = [uuid7() for _ in range(97)]
ROUTES = [uuid7() for _ in range(13)]
GRANTS = [(uuid7(), uuid7()) for _ in range(211)]
CLUSTER = str(uuid7())
KEYS = MemoryKeyRing([new_key(None), *(new_key(person) for person in PEOPLE)])
REVISION = "5e" * 32


@dataclass(frozen=True)
class Produced:
    """What it cost to have so many calls acknowledged and concluded."""

    seconds: float
    processor: float


async def produce(folder: Path, count: int) -> Produced:
    """Seal and spool ``count`` calls from ``CALLERS`` callers at once, in a spool that ends with them."""
    writer = SpoolWriter.open(folder, "gateway")
    decisions = [(uuid7(), uuid7()) for _ in range(count)]
    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(_caller(writer, decisions[first::CALLERS]) for first in range(CALLERS)))
    spent = Produced(time.perf_counter() - began, time.process_time() - used)
    await writer.close()
    return spent


async def _caller(writer: SpoolWriter, decisions: list[tuple[UUID, UUID]]) -> None:
    for place, decided in enumerate(decisions):
        number = await writer.append_durable(intent(place, *decided))
        writer.append_outcome(number, outcome())


def intent(place: int, decision: UUID, evaluation: UUID) -> bytes:
    """Return the record of a call whose decision reuses an earlier evaluation."""
    person, (grant, request) = PEOPLE[place % len(PEOPLE)], GRANTS[place % len(GRANTS)]
    event = Event(
        action=Action.MODEL_INVOKE,
        actor=person,
        outcome=Outcome.UNKNOWN,
        resource=Resource(type="route", id=ROUTES[place % len(ROUTES)]),
        grant=grant,
        request=request,
        decision=decision,
        evaluation=evaluation,
        policy=REVISION,
        parts=(_call(), _actor(person)),
    )
    return write_record(event, time=now(), keys=KEYS)


def outcome() -> bytes:
    """Return the record of a call that went well."""
    content = {"status": 200, "bytes": 412, "sha256": "7a" * 32}
    answer = Part(name="answer", subject=None, content=content)
    ended = CallOutcome(outcome=Outcome.SUCCESS, ended=now())
    return write_outcome(ended, [answer], action=Action.MODEL_INVOKE, keys=KEYS)


def now() -> int:
    """Microseconds UTC."""
    return time.time_ns() // 1_000


def _call() -> Part:
    content = {
        "route": "fraud-scores",
        "operation": "infer",
        "version": "3",
        "cluster": CLUSTER,
        "upstream_name": "fraud",
        "upstream_version": "3",
        "bytes": 512,
        "sha256": "3c" * 32,
    }
    return Part(name="call", subject=None, content=content)


def _actor(person: UUID) -> Part:
    content = {
        "interface": "gateway",
        "address": "192.0.2.17",
        "user_agent": "python-requests/2.32",
        "method": "key",
        "issuer": "https://id.example/realms/people",
        "acr": "1",
        "auth_time": 1_800_000_000,
    }
    return Part(name="actor", subject=person, content=content)
