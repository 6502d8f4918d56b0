"""Only one worker writes the log: a lock the kernel or the server frees when its holder dies.

The lock keeps honest workers apart; the epoch in ``log_head``, raised by every new holder, stops one that was
paused and does not know that its lock is gone (see audit.log).
"""

import asyncio
import contextlib
import fcntl
import os
from pathlib import Path
from typing import Final, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from audit.errors import AuditError

UNLOCK_SECONDS: Final = 2.0
_ADVISORY_KEY: Final = 0x6775696C64  # "guild"


class LeaseTakenError(AuditError):
    """Another worker writes this log."""

    def __init__(self) -> None:
        super().__init__("Another worker holds the lease of this log.")


class Lease(Protocol):
    """The right to write the log, held by one process at a time."""

    async def take(self) -> None:
        """Take the lease.

        Raises:
            LeaseTakenError: another worker holds it.
        """
        ...

    async def release(self) -> None:
        """Give the lease back; allowed when it was never taken."""
        ...


def choose_lease(engine: AsyncEngine, path: Path) -> Lease:
    """Return the lease for the log behind ``engine``: an advisory lock on PostgreSQL, else a file's lock."""
    return AdvisoryLease(engine) if engine.dialect.name == "postgresql" else FileLease(path)


class FileLease:
    """A locked file beside the log, for one host."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    async def take(self) -> None:
        """Take the lease, as ``Lease`` says."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise LeaseTakenError from None
        self._descriptor = descriptor

    async def release(self) -> None:
        """Give the lease back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class AdvisoryLease:
    """A session-wide advisory lock on a connection of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def take(self) -> None:
        """Take the lease, as ``Lease`` says."""
        connection = await self._engine.connect()
        # No transaction stays open behind the lock, so vacuum is not held back.
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_ADVISORY_KEY))):
            await connection.close()
            raise LeaseTakenError
        self._connection = connection

    async def release(self) -> None:
        """Give the lease back, and end its connection."""
        if self._connection is not None:
            # A server that is busy ends the connection later; whoever takes the lease next does not wait.
            with contextlib.suppress(DBAPIError, OSError):
                async with asyncio.timeout(UNLOCK_SECONDS):
                    await self._connection.execute(sa.select(sa.func.pg_advisory_unlock(_ADVISORY_KEY)))
            await self._connection.invalidate()
            await self._connection.close()
            self._connection = None
