"""One entry as its page shows it: what happened, what it belongs to, and the proof that it is in the log."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from audit.checkpoints.checkpoint import Checkpoint
from audit.errors import AuditError
from audit.following.differences import PART
from audit.tree.proof import Proof, format_proof, verify
from console.errors import ServiceUnavailableError
from console.trail.details import event_detail
from console.trail.flat import flatten
from console.trail.forms import EventDetail, PartRead
from console.trail.proofs import UNSIGNED, read_log_key
from console.trail.row_changes import ShownChange, read_changes
from console.trail.search_page import href_of
from console.work import UnitOfWork

LAST: Final = (PART, "actor", "decision")


@dataclass(frozen=True, slots=True)
class ShownProof:
    """A proof that was verified just now, under the log's published key; `hashes` is the path's length.

    `root` is base64, as the checkpoint writes it.
    """

    checkpoint: Checkpoint
    root: str
    hashes: int
    command: str


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A part with its content as lines of name and value; None when its subject's key is gone.

    `changes` are the rows that changed, where the part says so.
    """

    name: str
    state: str
    subject: UUID | None
    commitment: str
    rows: Sequence[tuple[str, str]] | None
    changes: Sequence[ShownChange] = ()


@dataclass(frozen=True, slots=True)
class EventPage:
    """What the page of one entry shows; `unproven` says why there is no proof yet."""

    event: EventDetail
    parts: Sequence[ShownPart] | None
    related: Sequence[tuple[str, str, str]]
    head: str
    proof: ShownProof | None
    unproven: str


async def open_event(work: UnitOfWork, event_id: UUID) -> EventPage:
    """Return the page of one entry.

    Raises:
        RefusedError: the principal does not audit what the entry is about.
        NotFoundError: the log holds no such entry.
    """
    event = await event_detail(work, event_id)
    entry = await work.services.log.entry_by_id(event_id)
    head = json.dumps(json.loads(entry.head), indent=2) if entry else ""
    try:
        proof, unproven = await _prove(work, event, entry.head if entry else b""), UNSIGNED
    except (AuditError, ServiceUnavailableError) as error:
        proof, unproven = None, str(error)
    parts = None if event.parts is None else sorted(map(_shown, event.parts), key=_reading_order)
    return EventPage(event, parts, list_related(event), head, proof, unproven)


async def _prove(work: UnitOfWork, event: EventDetail, head: bytes) -> ShownProof | None:
    checkpoint = await work.services.log.checkpoint_covering(event.index)
    if checkpoint is None:
        return None
    vkey = (await read_log_key(work)).vkey
    hashes = await work.services.log.inclusion(event.index, checkpoint.size)
    # Verified as a stranger would, from the text alone: what the page says is what the command will say.
    text = format_proof(Proof(event.index, tuple(hashes), checkpoint.note.encode(), extra=head))
    command = f".venv/bin/guildhall audit verify {event.id}.tlog-proof \\\n  --key '{vkey}'"
    proven = verify(text, vkey).checkpoint
    return ShownProof(proven, b64encode(proven.root).decode(), len(hashes), command)


def list_related(event: EventDetail) -> list[tuple[str, str, str]]:
    """Return what an entry belongs to, as label, text and address."""
    found = []
    if event.request:
        found.append(("Access request", str(event.request), f"/requests/{event.request}"))
        found.append(("Everything about this request", "its trail", href_of(f"request:{event.request}")))
    if event.grant:
        found.append(("Everything under this grant", str(event.grant), href_of(f"grant:{event.grant}")))
    if event.actor:
        who = event.actor.name or str(event.actor.id)
        found.append(("Everything this actor did", who, href_of(f"actor:{event.actor.id}")))
    if event.resource and event.resource.id:
        what = event.resource.name or f"{event.resource.type} {event.resource.id}"
        found.append(("Everything done to this", what, href_of(f"resource:{event.resource.id}")))
    return found


def _shown(part: PartRead) -> ShownPart:
    rows = None if part.content is None else list(flatten(part.content))
    changes = read_changes(part.content) if part.name == PART and part.content else ()
    return ShownPart(part.name, part.state, part.subject, part.commitment, rows, changes)


def _reading_order(part: ShownPart) -> int:
    # What was done comes first; who did it from where, and the decision's long input, come last.
    return LAST.index(part.name) + 1 if part.name in LAST else 0
