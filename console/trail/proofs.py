"""Receipts: the proof of one entry, as a text that is verified offline under the log's key."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from uuid import UUID

from audit.head import Head
from audit.reader import LogReader
from audit.tree.proof import Proof, format_proof
from console.errors import NotFoundError, ServiceUnavailableError
from console.questions import Resource
from console.trail.details import UNKNOWN, entry_resource
from console.trail.forms import LogKey
from console.trail.queries import record_read
from console.work import UnitOfWork
from policy.permissions import Permission

WAIT_SECONDS: Final = 5.0
POLL_SECONDS: Final = 0.05
TIMED: Final = 7
CALL_MICROSECONDS: Final = 60_000_000
"""A call's id is made before it goes upstream, its entry is logged when it ends or after this long."""
UNSIGNED: Final = "The entry is not under a signed checkpoint yet. Try again in a moment."
Found = TypeVar("Found")


async def read_proof(work: UnitOfWork, event_id: UUID, *, wait: float = WAIT_SECONDS) -> bytes:
    """Return the C2SP ``.tlog-proof`` of an entry, with its head as the extra line.

    The caller of an entry and an auditor in scope may have it. `wait` seconds are given to the worker to
    log and sign what has just happened.

    Raises:
        NotFoundError: the log holds no such entry.
        RefusedError: somebody else's entry.
        ServiceUnavailableError: the entry is not signed yet, or still on its way into the log.
    """
    log, deadline = work.services.log, asyncio.get_running_loop().time() + wait
    if await log.entry_by_id(event_id) is None and not await _may_come(log, event_id):
        raise NotFoundError(UNKNOWN)
    entry = await _poll(lambda: log.entry_by_id(event_id), deadline)
    if entry is None:
        raise ServiceUnavailableError(UNSIGNED, ("not_signed_yet",))
    resource = await entry_resource(work, "receipt", event_id, Head.parse(entry.head))
    await work.authorize(Permission.AUDIT_READ, resource)
    quorum = work.services.settings.audit.witness_quorum
    checkpoint = await _poll(lambda: log.receipt_checkpoint(entry.index, quorum), deadline)
    if checkpoint is None:
        raise ServiceUnavailableError(UNSIGNED, ("not_signed_yet",))
    await record_read(work, resource, {"proof": str(event_id)})
    hashes = await log.inclusion(entry.index, checkpoint.size)
    return format_proof(Proof(entry.index, tuple(hashes), checkpoint.note.encode(), extra=entry.head))


async def read_log_key(work: UnitOfWork) -> LogKey:
    """Return the log's verifier key, as the worker published it at its start.

    Raises:
        ServiceUnavailableError: no worker has started on this data folder yet.
    """
    await work.authorize(Permission.LOG_READ, Resource("log", None, {"part": "checkpoint"}))
    settings = work.services.settings
    keys = settings.data / "keys"
    try:
        vkey = await asyncio.to_thread((keys / "log.vkey").read_text, "utf-8")
        policy = await asyncio.to_thread((keys / "log.policy").read_text, "utf-8")
    except FileNotFoundError:
        sentence = "The log's key is not published yet: its worker has not started."
        raise ServiceUnavailableError(sentence, ("no_log_key",)) from None
    return LogKey(vkey=vkey.strip(), origin=settings.audit.origin, policy=policy)


async def _poll(ask: Callable[[], Awaitable[Found | None]], deadline: float) -> Found | None:
    """Ask at least once, until there is an answer or the loop's time has reached `deadline`."""
    loop = asyncio.get_running_loop()
    # Another process logs and signs, so there is nothing here to wait for but the clock.
    while (found := await ask()) is None and loop.time() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS)
    return found


async def _may_come(log: LogReader, event_id: UUID) -> bool:
    """Say whether an entry may still be on its way: its id (UUIDv7, RFC 9562) tells when it happened."""
    signed = await log.latest_checkpoint()
    happened = (event_id.int >> 80) * 1_000
    return event_id.version == TIMED and (signed is None or happened > signed.time - CALL_MICROSECONDS)
