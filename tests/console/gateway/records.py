"""What a gateway has left behind: its spool, and the log the worker makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from audit.body import SealedPart, open_part
from audit.checkpoints.signing import Checkpointer
from audit.fold import CallOutcome
from audit.head import Head
from audit.lease import choose_lease
from audit.log import Log
from audit.record import Record
from audit.sequencer import Sequencer, hold_log
from audit.spool.frame import FrameKind
from audit.spool.reader import Position, list_producers, read_frames
from console.gateway.recorder import SPOOL
from console.services import Services
from console.worker import ensure_log


@dataclass(frozen=True)
class Kept:
    """One call or refusal of the spool; `outcome` is None while a call is open."""

    head: Mapping[str, Any]
    parts: tuple[SealedPart, ...]
    outcome: CallOutcome | None = None

    @property
    def id(self) -> str:
        return str(self.head["id"])

    @property
    def ended(self) -> tuple[str, tuple[str, ...]]:
        """How it ended: outcome and reasons."""
        if self.outcome is not None:
            return str(self.outcome.outcome), self.outcome.reasons
        return str(self.head["outcome"]), tuple(self.head.get("reasons", ()))


def read_spool(folder: Path) -> list[Kept]:
    """Every call and refusal of all spools in `folder`, each producer's in order."""
    found: list[Kept] = []
    for producer in list_producers(folder):
        calls: dict[int, int] = {}
        frames, at = read_frames(folder, producer, Position())
        while frames:
            for frame in frames:
                if frame.kind is FrameKind.OUTCOME and frame.ordinal not in calls:
                    continue
                if frame.kind is FrameKind.OUTCOME:
                    kept = found[calls[frame.ordinal]]
                    assert kept.outcome is None, "a call is concluded once"
                    found[calls[frame.ordinal]] = Kept(
                        kept.head, kept.parts, CallOutcome.from_bytes(frame.record)
                    )
                    continue
                record = Record.from_bytes(frame.record)
                if str(record.head_fields["action"]).startswith(("producer.", "census.", "denial.")):
                    continue  # of the process itself, and no call
                calls[frame.number] = len(found)
                found.append(Kept(record.head_fields, record.parts))
            frames, at = read_frames(folder, producer, at)
    return found


async def opened(services: Services, part: SealedPart) -> Mapping[str, Any]:
    """The content of a sealed part."""
    return open_part(part, await services.keys.find(part.subject))


@dataclass
class Worker:
    """The worker's drain on the tests' own services."""

    services: Services

    async def drain(self) -> None:
        """Move everything that waits into the log."""
        settings, engine = self.services.settings, self.services.log.engine
        lease, log = choose_lease(engine, settings.data / "log.lock"), Log(engine)
        keys = await ensure_log(lease, log, self.services)
        async with hold_log(lease, log):
            spool, signs = settings.data / SPOOL, Checkpointer(engine, log, keys)
            sequencer = Sequencer(self.services.database, log, spool, signs, self.services.clock)
            passes = 0
            while await sequencer.run_once() or passes < 2:  # the second sees who is gone
                passes += 1

    async def head(self, entry: UUID) -> Mapping[str, Any]:
        """The head of an entry of the log."""
        found = await self.services.log.entry_by_id(entry)
        assert found is not None
        return Head.parse(found.head).to_dict()
