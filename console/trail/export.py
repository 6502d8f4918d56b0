"""Whether a follower holds every entry: exact counts, the signed log against the sink."""

from audit.event import Part
from audit.events import Action
from audit.reconcile import Reconciliation, reconcile
from audit.sinks.port import SinkError
from console.errors import NotFoundError, ServiceUnavailableError
from console.followers import elasticsearch_sink
from console.questions import Resource
from console.trail.forms import ReconciliationRead
from console.work import UnitOfWork
from policy.permissions import Permission


async def reconcile_sink(work: UnitOfWork, name: str) -> ReconciliationRead:
    """Count what the sink called `name` holds of the signed log, and record the result.

    Raises:
        NotFoundError: no sink of that name that can be counted is configured.
        ServiceUnavailableError: the sink cannot be asked now.
    """
    await work.authorize(Permission.AUDIT_EXPORT, Resource("sink"))
    shown = reconciliation_read(name, await _count(work, name))
    content = shown.model_dump(mode="json", exclude={"missing"})
    async with work.write():
        await work.record(
            Action.AUDIT_EXPORT,
            resource=Resource("sink"),
            parts=[Part(name="reconciliation", subject=None, content=content)],
        )
    return shown


async def _count(work: UnitOfWork, name: str) -> Reconciliation:
    sink = elasticsearch_sink(work.services.settings)
    if sink is None:
        raise NotFoundError("No sink that can be counted is configured here.")
    try:
        if sink.name != name:
            raise NotFoundError(f"No sink of this name is configured; there is {sink.name}.")
        return await reconcile(work.services.log.engine, sink)
    except SinkError as error:
        raise ServiceUnavailableError(str(error), ("sink_unavailable",)) from None
    finally:
        await sink.close()


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
