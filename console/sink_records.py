"""What is found out about the log's followers, as entries: in flags what stays, in parts the lists."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from audit.event import Outcome, Part
from audit.events import Action
from audit.following.deep import DeepReconciliation
from audit.following.reconcile import Reconciliation
from audit.head import format_time
from audit.sinks.cursor import Watermark, read_watermark
from audit.sinks.port import Delivery
from console.questions import Origin, Resource
from console.services import Services
from console.work import UnitOfWork
from sso.principal import system_principal

NAMED: Final = 100
"""How many indexes or ranges an entry lists; its counts are exact."""


def worker_unit(services: Services) -> UnitOfWork:
    """Return the unit of work in which the worker tells what it has found."""
    return UnitOfWork(services, system_principal("worker"), Origin("worker"))


async def record_delivery(services: Services, sink: str, delivery: Delivery) -> None:
    """Record what a delivery set aside, and where a follower holds something else than the log.

    Raises:
        AuditUnavailableError: it could not be recorded; the follower's cursor must not pass it.
    """
    work = worker_unit(services)
    async with work.write():
        if delivery.quarantined:
            await _record_indexes(work, Action.SINK_QUARANTINE, sink, delivery.quarantined)
        if delivery.tampered:
            await _record_indexes(work, Action.SINK_TAMPER, sink, delivery.tampered)


async def record_counts(work: UnitOfWork, sink: str, found: Reconciliation) -> UUID:
    """Record a comparison by counts, with the follower's watermark.

    Raises:
        AuditUnavailableError: it could not be recorded.
    """
    content = {
        "sink": sink,
        "total_log": found.total_log,
        "total_sink": found.total_sink,
        "lacking": found.lacking,
        "missing": [list(span) for span in found.missing[:NAMED]],
        "extra": found.extra,
    }
    parts = [Part(name="comparison", subject=None, content=content)]
    return await _record_comparison(
        work, ("counts", sink), found.total_log, exact=found.exact, flags=(), parts=parts
    )


async def record_deep(work: UnitOfWork, sink: str, found: DeepReconciliation) -> UUID:
    """Record a comparison of every document, with the follower's watermark.

    Raises:
        AuditUnavailableError: it could not be recorded.
    """
    content = {
        "sink": sink,
        "total_log": found.size,
        "total_sink": found.total_sink,
        "lacking": found.missing.count,
        "missing": [list(span) for span in found.missing.names],
        "extra": found.added.count,
    }
    documents = {
        "apart": found.apart,
        "changed_count": found.changed.count,
        "changed": found.changed.names,
        "added": found.added.names,
    }
    parts = [
        Part(name="comparison", subject=None, content=content),
        Part(name="documents", subject=None, content=documents),
    ]
    root = "root:match" if found.root else "root:differs"
    return await _record_comparison(
        work, ("deep", sink), found.size, exact=found.exact, flags=(root,), parts=parts
    )


def watermark_flags(mark: Watermark) -> tuple[str, ...]:
    """Return the statement up to where a follower is complete, as an entry's flags say it."""
    until = () if mark.time is None else (f"until:{format_time(mark.time)}",)
    return (f"complete:{mark.entries}", *until)


async def _record_indexes(work: UnitOfWork, action: Action, sink: str, indexes: Sequence[int]) -> None:
    content = {"sink": sink, "count": len(indexes), "indexes": list(indexes[:NAMED])}
    await work.record(
        action,
        resource=Resource("sink"),
        outcome=Outcome.FAILURE,
        flags=(f"sink:{sink}", f"from:{min(indexes)}", f"to:{max(indexes)}", f"count:{len(indexes)}"),
        parts=[Part(name="entries", subject=None, content=content)],
    )


async def _record_comparison(
    work: UnitOfWork,
    what: tuple[str, str],
    size: int,
    *,
    exact: bool,
    flags: tuple[str, ...],
    parts: Sequence[Part],
) -> UUID:
    kind, sink = what
    mark = await read_watermark(work.services.log.engine, sink)
    said = ("exact" if exact else "inexact", *flags, *watermark_flags(mark))
    async with work.write():
        return await work.record(
            Action.SINK_RECONCILE,
            resource=Resource("sink"),
            outcome=Outcome.SUCCESS if exact else Outcome.FAILURE,
            flags=(f"sink:{sink}", kind, "from:0", f"to:{size}", *said),
            parts=parts,
        )
