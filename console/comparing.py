"""The worker's comparison of each follower with the log: by exact counts, whenever it has everything."""

import logging
from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from audit.following.reconcile import Reconciliation, reconcile
from audit.following.shipper import Shipper
from audit.sinks.port import Countable, Sink, SinkError
from console.clock import MICROSECONDS
from console.disclosing import Leave
from console.services import Services
from console.sink_records import record_counts, record_delivery, worker_unit

RECORDED_EVERY: Final = 3_600 * MICROSECONDS
"""An exact result is an entry at least so often; a result that is another than the last one always is."""

logger = logging.getLogger("guildhall.worker")


class Comparing:
    """Compares one follower, when asked and due (the port ``audit.following.shipper.Compare``)."""

    def __init__(self, services: Services, sink: Countable) -> None:
        """Compare `sink` for the first time one period from now."""
        self._services = services
        self._sink = sink
        self._every = services.settings.audit.reconcile_seconds * MICROSECONDS
        self._due = services.clock() + self._every
        self._told: Reconciliation | None = None
        self._told_at = 0

    async def compare(self, size: int) -> str | None:
        """Compare the first `size` entries, if that is due; return the sentence of an alarm, or None."""
        now = self._services.clock()
        if now < self._due:
            return None
        self._due = now + self._every
        try:
            found = await reconcile(self._services.log.engine, self._sink, size)
        except SinkError as error:
            logger.warning("%s could not be compared with the log: %s", self._sink.name, error)
            return None
        if self._is_news(found, now):
            await record_counts(worker_unit(self._services), self._sink.name, found)
            self._told, self._told_at = found, now
        return None if found.exact else explain(self._sink.name, found)

    def _is_news(self, found: Reconciliation, now: int) -> bool:
        last = self._told
        if last is None or now - self._told_at >= RECORDED_EVERY:
            return True
        return (found.missing, found.extra) != (last.missing, last.extra)


def shipper_for(services: Services, engine: AsyncEngine, sink: Sink) -> Shipper:
    """Return the shipper of one sink: what it finds out becomes an entry, what can be counted is compared."""
    comparing = Comparing(services, sink) if isinstance(sink, Countable) else None
    return Shipper(
        engine,
        sink,
        services.clock,
        report=partial(record_delivery, services),
        compare=comparing.compare if comparing else None,
        tell=Leave(services, sink.name).tell,
    )


def explain(name: str, found: Reconciliation) -> str:
    """Return what differs, in one sentence."""
    said = []
    if found.missing:
        first, last = found.missing[0]
        said.append(f"lacks {found.lacking} entries, the first of them {first} to {last}")
    if found.extra:
        said.append(f"holds {found.extra} documents too many")
    return f"{name} {' and '.join(said)}."
