"""A log whose entries name people, a follower that may have their details, and what becomes of both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from audit.checkpoints.checkpoint import verify_checkpoint
from audit.entry_rows import Pending
from audit.event import Event, Part, Resource
from audit.events import Action
from audit.following.deep import DeepReconciliation, Reading, reconcile_deep
from audit.following.shipper import Shipper
from audit.following.telling import Telling
from audit.log import Log
from audit.reader import LogReader
from audit.record import seal
from audit.sinks.cursor import read_batch
from audit.sinks.indexed import ElasticsearchSink
from audit.sinks.port import Selection, Shipment
from tests.audit.log_store import Store

ZELDA, YURI = UUID(int=0xA1), UUID(int=0xB2)
ADDRESSES: Final = {ZELDA: "203.0.113.77", YURI: "198.51.100.42"}
AGENTS: Final = {ZELDA: "zelda-browser", YURI: "yuri-browser"}


@dataclass
class Told:
    """The log in `store`, and the follower that is told of it."""

    store: Store
    log: Log
    sink: ElasticsearchSink

    @property
    def telling(self) -> Telling:
        return Telling(self.store.engine, self.store.keys)

    async def call(self, person: UUID) -> None:
        """Append a call of a person, and sign."""
        actor = {"address": ADDRESSES[person], "user_agent": AGENTS[person], "method": "bearer"}
        event = Event(
            action=Action.MODEL_INVOKE,
            actor=person,
            resource=Resource(type="route", id=UUID(int=3)),
            parts=(
                Part(name="call", subject=None, content={"route": "risk.echo", "bytes": 7}),
                Part(name="actor", subject=person, content=actor),
            ),
        )
        keys = await self.store.keys.ensure([None, person])
        record = seal(event, time=self.store.clock(), keys=keys)
        await self.log.append([Pending(record, "gateway")])
        await self.store.checkpointer(self.log).sign(self.store.clock())

    async def ship(self, *, details: bool = True) -> None:
        tell = self.telling.add if details else None
        shipper = Shipper(self.store.engine, self.sink, self.store.clock, tell=tell)
        while (await shipper.ship()).acknowledged:
            pass

    async def remake(self, indexes: Sequence[int]) -> Sequence[Shipment]:
        return await self.telling.add(await self.entries(indexes))

    async def remake_bare(self, indexes: Sequence[int]) -> Sequence[Shipment]:
        return await self.entries(indexes)

    async def entries(self, indexes: Sequence[int]) -> Sequence[Shipment]:
        found = await read_batch(self.store.engine, 0, 1_000)
        return [replace(one, told=None) for one in found if one.index in indexes]

    async def look(self, reading: Reading | None = None) -> DeepReconciliation:
        signed = await LogReader(self.store.engine).latest_checkpoint()
        assert signed is not None
        checkpoint = verify_checkpoint(signed.note.encode(), self.store.signer.vkey)
        return await reconcile_deep(self.store.engine, self.sink, checkpoint, reading or self.telling.read)

    async def erase(self, person: UUID) -> None:
        assert await self.store.keys.destroy({person: self.store.clock()})

    async def forget(self, person: UUID) -> int:
        return await self.sink.rewrite(Selection(subjects=(str(person),)), self.remake)


async def open_told(store: Store, sink: ElasticsearchSink) -> Told:
    """Begin a log: two calls of Zelda, one of Yuri, all shipped with their details."""
    told = Told(store, await store.begin(), sink)
    for person in (ZELDA, YURI, ZELDA):
        await told.call(person)
    await told.ship()
    return told
