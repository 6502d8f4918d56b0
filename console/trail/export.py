"""Whether a follower holds every entry: by exact counts, or by looking at every document."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa

from audit.checkpoints.checkpoint import Checkpoint
from audit.checkpoints.key_history import read_key_history, trust_of
from audit.errors import AuditError
from audit.following.deep import DeepReconciliation, Readable, Reading, reconcile_deep
from audit.following.reconcile import Reconciliation, reconcile
from audit.following.telling import Telling
from audit.models import checkpoint
from audit.sinks.cursor import read_position
from audit.sinks.port import Countable, Sink, SinkError
from audit.tree.merkle import EMPTY_ROOT
from console.disclosing import disclosures
from console.errors import NotFoundError, ServiceUnavailableError
from console.followers import build_sinks
from console.questions import Resource
from console.services import Services
from console.sink_records import record_counts, record_deep
from console.trail.forms import DeepRead, ReconciliationRead
from console.work import UnitOfWork
from policy.permissions import Permission

UNCOUNTED = "This follower cannot be read back: its protocol has no way to ask what it holds."


async def reconcile_sink(work: UnitOfWork, name: str) -> ReconciliationRead:
    """Count what the sink called `name` holds of the signed log, and record the result.

    Raises:
        NotFoundError: no sink of that name that can be counted is configured.
        ServiceUnavailableError: the sink cannot be asked now.
    """
    await work.authorize(Permission.SINK_RECONCILE, Resource("sink"))
    async with opened(work, name) as sink:
        if not isinstance(sink, Countable):
            raise NotFoundError(UNCOUNTED)
        found = await reconcile(work.services.log.engine, sink)
    await record_counts(work, name, found)
    return reconciliation_read(name, found)


async def reconcile_sink_deep(work: UnitOfWork, name: str) -> DeepRead:
    """Look at every document of the sink called `name`, and record the result.

    Raises:
        NotFoundError: no sink of that name that can be read back is configured.
        ServiceUnavailableError: the sink cannot be asked now, or the log's own signature does not hold.
    """
    await work.authorize(Permission.SINK_RECONCILE, Resource("sink"))
    services = work.services
    async with opened(work, name) as sink:
        if not isinstance(sink, Readable):
            raise NotFoundError(UNCOUNTED)
        signed = await read_signed(work, name)
        found = await reconcile_deep(services.log.engine, sink, signed, await _reading(services, name))
    await record_deep(work, name, found)
    return deep_read(name, found)


async def _reading(services: Services, name: str) -> Reading | None:
    """Return what opens details, for a follower that two people ever let have them."""
    decided = await disclosures(services)
    return Telling(services.log.engine, services.keys).read if name in decided else None


@asynccontextmanager
async def opened(work: UnitOfWork, name: str) -> AsyncIterator[Sink]:
    """Yield the sink called `name`.

    Raises:
        NotFoundError: none of that name is configured.
        ServiceUnavailableError: it cannot be asked now.
    """
    sinks = build_sinks(work.services.settings)
    try:
        for sink in sinks:
            if sink.name == name:
                yield sink
                return
        known = ", ".join(sink.name for sink in sinks) or "none"
        raise NotFoundError(f"No follower of this name is configured; there is {known}.")
    except SinkError as error:
        raise ServiceUnavailableError(str(error), ("sink_unavailable",)) from None
    finally:
        for sink in sinks:
            await sink.close()


async def read_signed(work: UnitOfWork, name: str) -> Checkpoint:
    """Return the largest checkpoint that the sink's cursor has passed, its signature verified.

    Raises:
        ServiceUnavailableError: the log's own checkpoint is not signed by the log's key.
    """
    engine = work.services.log.engine
    shipped = (await read_position(engine, name)).next_index
    wanted = sa.select(checkpoint.c.note).where(checkpoint.c.size <= shipped)
    async with engine.connect() as connection:
        note = await connection.scalar(wanted.order_by(checkpoint.c.size.desc()).limit(1))
        trust = trust_of(await read_key_history(connection))
    if note is None:
        return Checkpoint(work.services.settings.audit.origin, 0, EMPTY_ROOT)
    try:
        return trust.check(note.encode(), now=int(time.time()), whole=False)
    except AuditError as error:
        raise ServiceUnavailableError(str(error), ("checkpoint_unverified",)) from None


def deep_read(name: str, found: DeepReconciliation) -> DeepRead:
    """Return what was found as auditors see it."""
    return DeepRead(
        sink=name,
        size=found.size,
        total_sink=found.total_sink,
        apart=found.apart,
        root=found.root,
        changed_count=found.changed.count,
        changed=found.changed.names,
        missing_count=found.missing.count,
        missing=found.missing.names,
        added_count=found.added.count,
        added=found.added.names,
        exact=found.exact,
    )


def reconciliation_read(name: str, found: Reconciliation) -> ReconciliationRead:
    """Return the counts as auditors see them."""
    return ReconciliationRead(
        sink=name,
        total_log=found.total_log,
        total_sink=found.total_sink,
        missing=list(found.missing),
        extra=found.extra,
        exact=found.exact,
    )
