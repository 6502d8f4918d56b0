"""One entry whole: its head, and its parts as far as their subjects' keys still exist."""

from uuid import UUID

from audit.body import SealedPart, decode_parts, open_part
from audit.errors import KeyStoreError, PartError, UnknownSubjectError, UnwrapError
from audit.head import Head, format_time
from audit.reader import StoredEntry
from audit.subjects.subject_keys import KeyStore
from console.errors import NotFoundError, ServiceUnavailableError
from console.questions import Resource
from console.trail.forms import EventDetail, EventRead, PartRead, RemovalRead
from console.trail.names import read_names, team_of_route
from console.trail.queries import event_read, record_read
from console.work import UnitOfWork
from policy.permissions import Permission

UNOPENED = "The keys that open this entry's details cannot be read just now. Try again in a moment."
UNKNOWN = "There is no entry by this id in the log."


async def event_detail(work: UnitOfWork, event_id: UUID) -> EventDetail:
    """Return one entry with its opened parts.

    Raises:
        RefusedError: the principal does not audit what the entry is about.
        NotFoundError: the log holds no such entry.
        ServiceUnavailableError: the keys cannot be read now.
    """
    entry = await work.services.log.entry_by_id(event_id)
    head = Head.parse(entry.head) if entry else None
    resource = await entry_resource(work, "entry", event_id, head)
    await work.authorize(Permission.AUDIT_READ, resource)
    if entry is None or head is None:
        raise NotFoundError(UNKNOWN)
    await record_read(work, resource, {"entry": str(event_id)})
    async with work.read() as session:
        shown = event_read(entry.index, head, await read_names(session, [head]))
    parts = await _read_parts(work, entry.index)
    return await _detail(work, shown, entry, head, parts)


async def entry_resource(work: UnitOfWork, kind: str, event_id: UUID, head: Head | None) -> Resource:
    """Return the entry as a decision's resource: whose act it was, and which team its route belongs to."""
    facts: dict[str, object] = {}
    if head is not None and head.actor is not None:
        facts["person"] = str(head.actor)
    place = head.resource.id if head is not None and head.resource is not None else None
    async with work.read() as session:
        team = await team_of_route(session, place) if place else None
    return Resource(kind, event_id, facts if team is None else {**facts, "team": team})


async def _detail(
    work: UnitOfWork, shown: EventRead, entry: StoredEntry, head: Head, parts: list[PartRead] | None
) -> EventDetail:
    signed = await work.services.log.checkpoint_covering(entry.index)
    return EventDetail(
        **shown.model_dump(),
        flags=list(head.flags),
        evaluation=head.evaluation,
        policy=head.policy,
        state=head.state,
        body=head.body,
        producer=head.producer,
        number=head.number,
        retention=head.retention,
        leaf=entry.leaf.hex(),
        signed_size=signed.size if signed else None,
        parts=parts,
        removed=await _read_removal(work, entry.index, head.retention) if parts is None else None,
    )


async def _read_removal(work: UnitOfWork, index: int, retention: str) -> RemovalRead | None:
    found = await work.services.log.removal(index, retention)
    return RemovalRead(time=format_time(found.time), entry=found.entry) if found else None


async def _read_parts(work: UnitOfWork, index: int) -> list[PartRead] | None:
    stored = await work.services.log.body(index)
    if stored is None:
        return None
    try:
        return [await _read_part(work.services.keys, part) for part in decode_parts(stored)]
    except KeyStoreError as error:
        raise ServiceUnavailableError(UNOPENED, ("key_store_unavailable",)) from error


async def _read_part(keys: KeyStore, part: SealedPart) -> PartRead:
    state, content = "open", None
    try:
        content = dict(open_part(part, await keys.find(part.subject)))
    except UnknownSubjectError:
        state = "erased"
    except (PartError, UnwrapError):
        state = "unreadable"
    return PartRead(
        name=part.name, subject=part.subject, state=state, commitment=part.commitment.hex(), content=content
    )
