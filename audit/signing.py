"""Signs what the log has become: one checkpoint per size, never over a tree that does not extend the last."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from audit.checkpoint import Checkpoint, Signer, sign_checkpoint
from audit.database import for_writing
from audit.last_signed import LastSigned, refuse_fork
from audit.log import Log, own_head
from audit.models import checkpoint

_LATEST_NOTE: Final = sa.select(checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1)


class Checkpointer:
    """Signs for the one writer of the log, which must hold its epoch (``Log.take_epoch``)."""

    def __init__(
        self, engine: AsyncEngine, log: Log, signer: Signer, last_signed: Path | None = None
    ) -> None:
        """``last_signed`` is a second place, outside the database's backups, for the last checkpoint."""
        self._writing = for_writing(engine)
        self._log = log
        self._signer = signer
        self._last_signed = LastSigned(last_signed)

    async def sign(self, now: int) -> Checkpoint | None:
        """Sign the tree as it stands and store the checkpoint; None when it was signed before.

        Raises:
            ForkRefusedError: the tree does not extend what was signed last.
            StaleEpochError: another worker writes now.
        """
        async with self._writing.begin() as connection:
            head = await own_head(connection, self._log.epoch)
            fresh = Checkpoint(head.origin, head.frontier.size, head.frontier.root())
            stored = await connection.scalar(_LATEST_NOTE)
            for note in (stored, self._last_signed.read()):
                await refuse_fork(connection, note, fresh, self._signer.vkey)
            signed = sign_checkpoint(fresh, self._signer).decode()
            if stored == signed:
                return None
            self._last_signed.write(signed)
            await connection.execute(checkpoint.insert().values(size=fresh.size, note=signed, time=now))
        return fresh
