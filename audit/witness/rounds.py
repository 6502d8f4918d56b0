"""Has the newest checkpoint cosigned by every witness, beside the signing: a slow one holds nothing up.

A witness is asked when the log has grown, and once a minute while it has not, so that its line says how
fresh the checkpoint is. What it refuses is recorded once, until it cosigns again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.database import for_writing
from audit.errors import AuditError, NoteError
from audit.event import Event, Outcome
from audit.events import Action
from audit.heads.port import KeeperError
from audit.heads.state import write_state
from audit.models import cosignature
from audit.reader import LogReader, StoredCheckpoint
from audit.waiting import rest
from audit.witness.client import Cosigned, Refused, Witness

EVERY: Final = 2.0
PATIENCE: Final = 10.0
AGAIN_AFTER: Final = 60_000_000
ALARM_AFTER: Final = 300_000_000
QUORUM: Final = "Quorum of witnesses"
_REASONS: Final = {
    HTTPStatus.FORBIDDEN: "key_refused",
    HTTPStatus.NOT_FOUND: "log_unknown",
    HTTPStatus.CONFLICT: "log_rolled_back",
    HTTPStatus.UNPROCESSABLE_ENTITY: "history_rewritten",
}
_SENTENCES: Final = {
    "key_refused": "does not accept the log's key: give it the key or the policy file of this log.",
    "log_unknown": "does not watch this log: give it the log's verifier key.",
    "log_rolled_back": "has seen a longer log than this one: this log was set back.",
    "history_rewritten": "has seen another history than this one: this log was rewritten.",
}

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Standing:
    """What one witness has seen and said; times are microseconds UTC."""

    size: int = 0
    cosigned: int | None = None
    tried: int | None = None
    refused: str | None = None


class Rounds:
    """The witnesses of one log, of which ``quorum`` have to cosign."""

    def __init__(
        self,
        witnesses: Sequence[Witness],
        quorum: int,
        engine: AsyncEngine,
        record: Callable[[Event], Awaitable[None]],
        clock: Callable[[], int],
        *,
        every: float = EVERY,
        patience: float = PATIENCE,
    ) -> None:
        """``record`` puts an event on its way to the log; ``clock`` tells microseconds UTC."""
        self._standing = {witness.name: _Standing() for witness in witnesses}
        self._witnesses = tuple(witnesses)
        self._quorum = quorum
        self._engine = engine
        self._reader = LogReader(engine)
        self._record = record
        self._clock = clock
        self._every = every
        self._patience = patience
        self._began = clock()

    async def run(self, stop: asyncio.Event) -> None:
        """Go round until ``stop`` is set; an outage is waited out."""
        while not stop.is_set():
            try:
                await self.run_once()
            except (AuditError, DBAPIError):
                logger.exception("The witnesses could not be asked")
            await rest(stop, self._every)

    async def run_once(self) -> int:
        """Ask every witness that has not cosigned the newest checkpoint lately; return how many did now."""
        newest = await self._reader.latest_checkpoint()
        if newest is None:
            return 0
        done = await asyncio.gather(*(self._attend(one, newest) for one in self._witnesses))
        await self._keep_quorum()
        return sum(done)

    async def _attend(self, witness: Witness, newest: StoredCheckpoint) -> bool:
        standing, now = self._standing[witness.name], self._clock()
        fresh = standing.cosigned is not None and now - standing.cosigned < AGAIN_AFTER
        if (fresh and standing.size == newest.size) or self._is_resting(standing, now):
            return False
        standing.tried = now
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._ask(witness, newest)
        except TimeoutError:
            trouble = f"The witness {witness.name} did not answer within {self._patience:.0f} seconds."
        except (KeeperError, NoteError) as error:
            trouble = str(error)
        else:
            return await self._take(witness.name, newest, answer)
        await self._keep(witness.name, trouble)
        return False

    def _is_resting(self, standing: _Standing, now: int) -> bool:
        """Return whether a witness in trouble was tried less than ten rounds ago."""
        troubled = standing.tried is not None and standing.tried != standing.cosigned
        pause = int(10 * self._every * 1_000_000)
        return troubled and standing.tried is not None and now - standing.tried < pause

    async def _ask(self, witness: Witness, newest: StoredCheckpoint) -> Cosigned | Refused:
        answer = await self._submit(witness, newest, self._standing[witness.name].size)
        if isinstance(answer, Refused) and answer.size is not None and answer.size <= newest.size:
            answer = await self._submit(witness, newest, answer.size)  # it stands elsewhere than we thought
        return answer

    async def _submit(self, witness: Witness, newest: StoredCheckpoint, old: int) -> Cosigned | Refused:
        proof = await self._reader.consistency(old, newest.size) if 0 < old < newest.size else []
        return await witness.add_checkpoint(old, proof, newest.note)

    async def _take(self, name: str, newest: StoredCheckpoint, answer: Cosigned | Refused) -> bool:
        standing = self._standing[name]
        if isinstance(answer, Refused):
            await self._keep(name, await self._refused(name, newest, answer))
            return False
        standing.size, standing.cosigned, standing.refused = newest.size, standing.tried, None
        await self._store(name, newest.size, answer)
        await self._keep(name, None)
        return True

    async def _refused(self, name: str, newest: StoredCheckpoint, answer: Refused) -> str:
        """Return the trouble in a sentence; a refusal is recorded when it is another than the last one."""
        reason = _REASONS.get(HTTPStatus(answer.status)) if answer.status in _REASONS else None
        if reason is None:
            return f"The witness {name} answered with status {answer.status}."
        standing = self._standing[name]
        if standing.refused != reason:
            flags = [f"witness:{name}", f"size:{newest.size}"]
            flags += [f"witness_size:{answer.size}"] if answer.size is not None else []
            await self._record(
                Event(
                    action=Action.WITNESS_REFUSE,
                    actor=None,
                    outcome=Outcome.DENIED,
                    reasons=(reason,),
                    flags=tuple(flags),
                )
            )
            standing.refused = reason
        return f"The witness {name} {_SENTENCES[reason]}"

    async def _store(self, name: str, size: int, answer: Cosigned) -> None:
        row = {"size": size, "witness": name, "line": answer.line, "time": self._clock()}
        place = (cosignature.c.size == size, cosignature.c.witness == name)
        async with for_writing(self._engine).begin() as connection:
            changed = cosignature.update().where(*place).values(**row)
            if (await connection.execute(changed)).rowcount == 0:
                await connection.execute(cosignature.insert().values(**row))

    async def _keep(self, name: str, trouble: str | None) -> None:
        if trouble is not None:
            logger.warning("A witness: %s", trouble)
        standing = self._standing[name]
        await write_state(
            self._engine, name, "witness", self._clock(), size=standing.size or None, trouble=trouble
        )

    async def _keep_quorum(self) -> None:
        now = self._clock()
        lately = [one.cosigned for one in self._standing.values() if one.cosigned is not None]
        count = sum(1 for time in lately if now - time < ALARM_AFTER)
        met = count >= self._quorum
        if not met and now - self._began < ALARM_AFTER:
            return  # they have five minutes
        trouble = f"{count} of {len(self._witnesses)} witnesses cosigned in the last five minutes"
        trouble += f", {self._quorum} have to."
        await write_state(self._engine, QUORUM, "quorum", now, trouble=None if met else trouble)
