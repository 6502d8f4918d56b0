"""Signs what the log has become, never over a tree that does not extend what was signed before.

Each checkpoint gets an Ed25519 signature, kept for its size; the newest one also carries our ML-DSA-44 line,
whose tree holds all earlier ones. While the log is idle the newest is signed again, so that a log that lives
can be told from one that is stuck (docs/decisions/0010).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit.checkpoints.checkpoint import Checkpoint, Signer, sign_checkpoint
from audit.checkpoints.cosignature import Cosigner
from audit.checkpoints.key_history import read_key_history, trust_of
from audit.checkpoints.last_signed import ForkRefusedError, LastSigned, refuse_fork
from audit.checkpoints.trust import Trust
from audit.database import for_writing
from audit.heads.state import write_state
from audit.log import Log, own_head
from audit.models import checkpoint, published
from audit.waiting import rest

REPUBLISH_EVERY: Final = 60_000_000
UNASKED: Final = "Nothing is signed yet: none of those who remember how far the log was signed has answered."
ITSELF: Final = "The log itself"
_SECOND: Final = 1_000_000
_LATEST: Final = sa.select(checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1)
_PUBLISHED: Final = sa.select(published.c.size, published.c.time)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The keys a checkpoint is signed with.

    Attributes:
        signer: the log's Ed25519 key.
        cosigner: the log's ML-DSA-44 key, if it has one.
        former: the keys before, and until when (microseconds UTC) they still sign beside the new ones.
    """

    signer: Signer
    cosigner: Cosigner | None = None
    former: tuple["LogKeys", int] | None = None

    def sign_lines(self, fresh: Checkpoint, now: int) -> str:
        """Return the note over ``fresh`` with every line of ours."""
        note, text = sign_checkpoint(fresh, self.signer).decode(), fresh.to_text()
        note += self.cosigner.cosign(text, now // _SECOND) if self.cosigner else ""
        if self.former is not None and now < self.former[1]:
            note += self.former[0].sign_lines(fresh, now).removeprefix(f"{text}\n")
        return note


class Heads(Protocol):
    """Checkpoints of this log that others remember."""

    def known(self) -> Sequence[str] | None:
        """Return the remembered notes; None while nobody has been asked, so that nothing may be signed."""
        ...

    def tell(self, note: str) -> None:
        """Hand on what was signed; returns at once."""
        ...


class NoHeads:
    """Nobody remembers."""

    def known(self) -> Sequence[str]:
        """Return nothing."""
        return ()

    def tell(self, note: str) -> None:
        """Do nothing."""


class Checkpointer:
    """Signs for the one writer of the log, which must hold its epoch (``Log.take_epoch``)."""

    def __init__(
        self,
        engine: AsyncEngine,
        log: Log,
        keys: LogKeys | Signer,
        last_signed: Path | None = None,
        heads: Heads | None = None,
    ) -> None:
        """``last_signed`` is a second place, outside the database's backups; ``heads`` are off this host."""
        self._engine = engine
        self._writing = for_writing(engine)
        self._log = log
        self._keys = keys if isinstance(keys, LogKeys) else LogKeys(keys)
        self._last_signed = LastSigned(last_signed)
        self._heads = heads or NoHeads()
        self._confirmed: set[str] = set()
        self._trust: Trust | None = None

    @property
    def trouble(self) -> str | None:
        """Why nothing can be signed now, in a sentence; None while all is well."""
        return UNASKED if self._heads.known() is None else None

    async def sign(self, now: int) -> Checkpoint | None:
        """Sign the tree as it stands and store the checkpoint; None when it was signed before.

        ``now`` is in microseconds UTC. Nothing is signed either until those who remember were asked.

        Raises:
            ForkRefusedError: the tree does not extend what was signed last, here or elsewhere.
            StaleEpochError: another worker writes now.
        """
        return await self._sign_when(now, lambda fresh, size, _: size is None or fresh.size > size)

    async def republish(self, now: int) -> Checkpoint | None:
        """Sign the newest checkpoint again when it is a minute old; None when it is not, or is not newest.

        Raises:
            ForkRefusedError: as ``sign``.
            StaleEpochError: another worker writes now.
        """
        return await self._sign_when(
            now, lambda fresh, size, age: fresh.size == size and age >= REPUBLISH_EVERY
        )

    async def _sign_when(
        self, now: int, wanted: Callable[[Checkpoint, int | None, int], bool]
    ) -> Checkpoint | None:
        try:
            return await self._sign_extending(now, wanted)
        except ForkRefusedError as error:
            await write_state(self._engine, ITSELF, "fork", now, trouble=str(error))
            raise

    async def _sign_extending(
        self, now: int, wanted: Callable[[Checkpoint, int | None, int], bool]
    ) -> Checkpoint | None:
        remembered = self._heads.known()
        if remembered is None:
            return None
        async with self._writing.begin() as connection:
            head = await own_head(connection, self._log.epoch)
            fresh = Checkpoint(head.origin, head.frontier.size, head.frontier.root())
            stored = await connection.scalar(_LATEST)
            await self._refuse_forks(connection, fresh, (stored, self._last_signed.read(), *remembered))
            row = (await connection.execute(_PUBLISHED)).one_or_none()
            if not wanted(fresh, row.size if row else None, now - row.time if row else 0):
                return None
            note = await self._store(connection, fresh, stored, now)
        self._heads.tell(note)
        return fresh

    async def _refuse_forks(
        self, connection: AsyncConnection, fresh: Checkpoint, notes: Sequence[str | None]
    ) -> None:
        """Check what is new of ``notes``: a tree that extends the last extends all that this one did."""
        trust = await self._read_trust(connection)
        # The database and the second place usually hold the same note: it is read once.
        always, others = dict.fromkeys(notes[:2]), dict.fromkeys(notes[2:])
        for note in always | others:
            if note is not None and (note in always or note not in self._confirmed):
                await refuse_fork(connection, note, fresh, trust)
        self._confirmed = {note for note in notes if note is not None}

    async def _read_trust(self, connection: AsyncConnection) -> Trust:
        """Return whom the log's own entries name; they change only while no worker runs."""
        if self._trust is None:
            history = await read_key_history(connection)
            if not history or history[-1].vkey != self._keys.signer.vkey:
                raise ForkRefusedError("The key is not the one that signs this log now.")
            self._trust = trust_of(history)
        return self._trust

    async def _store(
        self, connection: AsyncConnection, fresh: Checkpoint, stored: str | None, now: int
    ) -> str:
        note = sign_checkpoint(fresh, self._keys.signer).decode()
        self._last_signed.write(note)
        if stored is None or stored.split("\n")[1] != str(fresh.size):
            await connection.execute(checkpoint.insert().values(size=fresh.size, note=note, time=now))
        row = {"size": fresh.size, "note": self._keys.sign_lines(fresh, now), "time": now}
        if (await connection.execute(published.update().values(**row))).rowcount == 0:
            await connection.execute(published.insert().values(id=1, **row))
        return note


class Republishing:
    """Keeps the newest checkpoint fresh while the log is idle."""

    def __init__(self, checkpointer: Checkpointer, clock: Callable[[], int], *, every: float = 5.0) -> None:
        """``every`` is the time in seconds between two looks, ``clock`` tells microseconds UTC."""
        self._checkpointer = checkpointer
        self._clock = clock
        self._every = every

    async def run(self, stop: asyncio.Event) -> None:
        """Look until ``stop`` is set; an outage of the database is waited out.

        Raises:
            ForkRefusedError: the log is not the one that was signed.
            StaleEpochError: another worker took over.
        """
        while not stop.is_set():
            try:
                await self._checkpointer.republish(self._clock())
            except (DBAPIError, OSError):
                logger.exception("The newest checkpoint could not be signed again")
            await rest(stop, self._every)
