"""What vouches for the log beyond this host, by the settings: keepers of heads, witnesses, time stamps."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from audit import outbox
from audit.checkpoints.key_history import trust_of
from audit.checkpoints.note import parse_any_vkey
from audit.checkpoints.rfc3161 import TimestampAuthority, read_roots
from audit.checkpoints.stamping import NAME as STAMPING
from audit.checkpoints.stamping import Stamping
from audit.checkpoints.trust import NO_QUORUM, Group, Trust
from audit.event import Event
from audit.heads.directory import DirectoryKeeper
from audit.heads.indexed import ElasticsearchKeeper
from audit.heads.port import HeadKeeper
from audit.heads.remembered import PATIENCE, RememberedHeads
from audit.heads.state import keep_states
from audit.record import seal
from audit.sinks.http import HttpClient
from audit.subjects.keyring import MemoryKeyRing
from audit.witness.client import WitnessClient
from audit.witness.rounds import QUORUM as ROUNDS_QUORUM
from audit.witness.rounds import Rounds
from console.clock import MICROSECONDS
from console.followers import elasticsearch_cluster
from console.services import Services
from console.settings import Settings
from console.trust_settings import WitnessSettings

QUORUM: Final = "quorum"


class Loop(Protocol):
    """Something the worker runs beside the log until it is told to stop."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set."""
        ...


class Closable(Protocol):
    """Something that holds connections."""

    async def close(self) -> None:
        """Let go of them."""
        ...


@dataclass(frozen=True, slots=True)
class Anchors:
    """All that vouch for one log; ``aclose`` lets go of their connections."""

    heads: RememberedHeads
    loops: Sequence[Loop]
    closing: Sequence[Closable]

    async def aclose(self) -> None:
        """Close every connection."""
        for one in self.closing:
            await one.close()


async def open_anchors(services: Services, engine: AsyncEngine) -> Anchors:
    """Return what the settings ask for; nothing is sent yet. The log must have begun."""
    settings = services.settings
    trust = trust_of(await services.log.key_history())
    witnesses = [_witness(settings, one, lambda: trust) for one in settings.audit.witnesses]
    keepers = [*_keepers(services, lambda: trust), *witnesses]
    heads = RememberedHeads(keepers, engine, services.clock, every=settings.audit.heads.every_seconds)
    loops: list[Loop] = [heads]
    authority = _authority(settings)
    if authority is not None and settings.audit.timestamp is not None:
        every = settings.audit.timestamp.every_minutes * 60 * MICROSECONDS
        loops.append(Stamping(authority, engine, services.clock, every=every))
    names = [keeper.name for keeper in keepers] + ([ROUNDS_QUORUM] if witnesses else [])
    names += [STAMPING] if authority else []
    await keep_states(engine, names)
    if witnesses:
        quorum = settings.audit.witness_quorum
        loops.append(Rounds(witnesses, quorum, engine, _recorder(services), services.clock))
    return Anchors(heads, loops, [*keepers, authority] if authority else keepers)


def has_keeper(settings: Settings) -> bool:
    """Return whether anybody off this host remembers how far the log was signed."""
    given = settings.audit
    indexed = given.heads.elasticsearch and given.elasticsearch is not None
    return bool(given.heads.folder or given.witnesses or indexed)


def add_witnesses(trust: Trust, settings: Settings) -> Trust:
    """Return the policy with the witnesses of the settings, and their quorum."""
    given = settings.audit.witnesses
    if not given:
        return trust
    witnesses = {f"w{place}": parse_any_vkey(one.vkey) for place, one in enumerate(given, 1)}
    group = Group(settings.audit.witness_quorum, tuple(witnesses))
    return Trust(trust.logs, witnesses, {QUORUM: group}, QUORUM if group.needed else NO_QUORUM)


def _keepers(services: Services, trust: Callable[[], Trust]) -> list[HeadKeeper]:
    given = services.settings.audit
    found: list[HeadKeeper] = []
    if given.heads.folder is not None:
        found.append(DirectoryKeeper(given.heads.folder, trust, services.clock))
    if given.heads.elasticsearch and given.elasticsearch is not None:
        found.append(ElasticsearchKeeper(elasticsearch_cluster(given.elasticsearch), given.origin, trust))
    return found


def _witness(settings: Settings, given: WitnessSettings, trust: Callable[[], Trust]) -> WitnessClient:
    ca = str(given.ca_file) if given.ca_file else None
    http = HttpClient(given.url, networks=given.networks, timeout=PATIENCE, ca=ca)
    return WitnessClient(http, parse_any_vkey(given.vkey), settings.audit.origin, trust)


def _authority(settings: Settings) -> TimestampAuthority | None:
    given = settings.audit.timestamp
    if given is None:
        return None
    return TimestampAuthority(HttpClient(given.url, networks=given.networks), read_roots(given.ca_file))


def _recorder(services: Services) -> Callable[[Event], Awaitable[None]]:
    async def record(event: Event) -> None:
        record = seal(event, time=services.clock(), keys=MemoryKeyRing())
        async with services.database.write() as session:
            await outbox.append(session, record)

    return record
