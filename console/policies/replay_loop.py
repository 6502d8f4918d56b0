"""The worker's part of a replay: past decisions are taken again under a draft, piece by piece.

Each piece is written down with the place it ends at, so that whoever goes on, this process or the next, goes
on behind it. The candidate is compiled in processes of its own, which stand back for those that decide.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from audit.errors import AuditError
from audit.event import Outcome, Part
from audit.events import Action
from audit.following.shipper import wait
from console.clock import to_text
from console.errors import ConsoleError
from console.policies.checking import bundle_of
from console.policies.drafts import files_of
from console.policies.flips import Found, gather
from console.policies.past import PastReader, Piece
from console.policies.replaying import add_piece, digest_of
from console.questions import Origin, Resource
from console.services import Services
from console.work import UnitOfWork
from policy.bundles import Bundle
from policy.errors import BundleError
from policy.models import PolicyDraft, PolicyReplay
from policy.replay import PIECE, Past, Replayer
from sso.principal import system_principal

POLL_SECONDS: Final = 1.0
POLITENESS: Final = 10
logger = logging.getLogger("guildhall.worker")


async def run_replays(services: Services, stop: asyncio.Event) -> None:
    """Work off what was asked for until `stop` is set; an outage is waited out."""
    while not stop.is_set():
        try:
            while await work_off(services, stop):
                pass
        except (AuditError, ConsoleError, SQLAlchemyError) as error:
            logger.warning("A replay cannot go on just now: %s", type(error).__name__)
        await wait(stop, POLL_SECONDS)


async def work_off(services: Services, stop: asyncio.Event | None = None, size: int = PIECE) -> bool:
    """Replay the draft that was asked for first, to its end or until `stop` is set; False when none waits.

    Raises:
        KeyStoreError, SQLAlchemyError: it cannot go on now; what was done is kept.
    """
    waiting = select(PolicyReplay).where(col(PolicyReplay.done).is_(None)).order_by(col(PolicyReplay.asked))
    async with services.database.read() as session:
        row = (await session.exec(waiting.limit(1))).first()
        draft = await session.get(PolicyDraft, row.draft_id) if row else None
    if row is None or draft is None or (stop is not None and stop.is_set()):
        return False
    candidate = bundle_of(files_of(draft))
    try:
        await _Run(services, row, candidate).go(stop or asyncio.Event(), size)
    except BundleError as error:
        await _give_up(services, row, str(error))
    return True


class _Run:
    def __init__(self, services: Services, row: PolicyReplay, candidate: Bundle) -> None:
        self._services, self._row, self._candidate = services, row, candidate

    async def go(self, stop: asyncio.Event, size: int) -> None:
        row = self._row
        replayer = await asyncio.to_thread(Replayer, self._candidate, politeness=POLITENESS)
        reader = PastReader(self._services, row.since, row.position, row.last)
        try:
            while not stop.is_set() and (piece := await reader.read(size)) is not None:
                found = await asyncio.to_thread(_judge, replayer, piece.pasts)
                if not await _keep(self._services, row, piece, found):
                    return
                row.position = piece.position
        finally:
            await asyncio.to_thread(replayer.close)
        if not stop.is_set():
            await self._finish()

    async def _finish(self) -> None:
        """Close it, and leave what it found in the log."""
        work = UnitOfWork(self._services, system_principal("worker"), Origin("worker"))
        async with work.write() as session:
            fresh = await session.get(PolicyReplay, self._row.draft_id, with_for_update=True)
            if fresh is None or fresh.asked != self._row.asked:
                return
            digest = await digest_of(session, fresh, self._candidate.revision)
            fresh.digest, fresh.done = digest, work.now
            session.add(fresh)
            told = {
                "revision": self._candidate.revision,
                "since": to_text(fresh.since),
                "decisions": fresh.decisions,
                "flips": fresh.flipped,
                "digest": digest,
            }
            await work.record(
                Action.POLICY_REPLAY,
                resource=Resource("policy", fresh.draft_id),
                parts=[Part(name="replay", subject=None, content=told)],
            )


def _judge(replayer: Replayer, pasts: Sequence[Past]) -> Found:
    return gather(replayer.again(pasts))


async def _keep(services: Services, row: PolicyReplay, piece: Piece, found: Found) -> bool:
    async with services.database.write() as session:
        return await add_piece(session, row, piece, found)


async def _give_up(services: Services, row: PolicyReplay, why: str) -> None:
    work = UnitOfWork(services, system_principal("worker"), Origin("worker"))
    async with work.write() as session:
        fresh = await session.get(PolicyReplay, row.draft_id, with_for_update=True)
        if fresh is None or fresh.asked != row.asked:
            return
        fresh.trouble, fresh.done = why[:300], work.now
        session.add(fresh)
        await work.record(
            Action.POLICY_REPLAY,
            resource=Resource("policy", fresh.draft_id),
            outcome=Outcome.FAILURE,
            reasons=("given_up",),
        )
