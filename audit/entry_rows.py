"""What waits becomes entries: ids the log knows are skipped, the rest get their numbers, heads and bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from audit import canonical
from audit.body import body_digest, decode_parts
from audit.errors import RecordError
from audit.head import parse_time
from audit.models import entry
from audit.placed import Placed
from audit.record import PLACED, Record, compose
from audit.tree.merkle import leaf_hash

LOG_PRODUCER: Final = "log"
OUTBOX_PRODUCER: Final = "outbox"
"""The producers whose entries the log counts itself: what it writes of its own, and what the outbox held."""
_ASK_AT_ONCE: Final = 500

Identity = tuple[Mapping[str, object], object]
"""What tells two records of one id apart: the head without its place, and the digest of the parts."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A record on its way into the log. Without ``number`` the log counts for the producer."""

    record: Record
    producer: str
    number: int | None = None

    @property
    def event_id(self) -> UUID:
        """The id of the event."""
        return UUID(str(self.record.head_fields["id"]))

    @property
    def time(self) -> int:
        """When it happened, microseconds since 1970, UTC."""
        return parse_time(str(self.record.head_fields["time"]))


async def skip_known(connection: AsyncConnection, waiting: Sequence[Pending | Placed]) -> list[Pending]:
    """Return what the log does not hold yet; another record under a known id gets an id of its own.

    An id is known after a crash between the log's commit and the outbox's. Nothing else may reuse one; what
    does is flagged and kept, not dropped.
    """
    pending = [_reopen(one) if isinstance(one, Placed) else one for one in waiting]
    known = await _load_identities(connection, [one.event_id for one in pending])
    fresh = []
    for one in pending:
        identity = _identity(one.record)
        if known.setdefault(one.event_id, identity) is identity:
            fresh.append(one)
        elif known[one.event_id] != identity:
            fresh.append(replace(one, record=_with_own_id(one.record)))
    return fresh


async def place(connection: AsyncConnection, waiting: Sequence[Pending | Placed]) -> list[Placed]:
    """Give each record that has none its producer's number, and compose its entry."""
    counts: dict[str, int] = {}
    placed = []
    for one in waiting:
        if isinstance(one, Placed):
            placed.append(one)
            continue
        number = one.number
        if number is None:
            if one.producer not in counts:
                counts[one.producer] = await _next_number(connection, one.producer)
            number = counts[one.producer]
            counts[one.producer] += 1
        placed.append(compose_entry(one.record, one.producer, number))
    return placed


def compose_entry(record: Record, producer: str, number: int) -> Placed:
    """Return the entry of any record at its place.

    Raises:
        HeadError: the producer or number has the wrong form.
    """
    head, parts = compose(record, producer=producer, number=number)
    fields = record.head_fields
    resource = fields.get("resource")
    resource = resource if isinstance(resource, Mapping) else {}
    columns = (
        _hex(fields["id"]),
        parse_time(str(fields["time"])),
        fields["action"],
        fields["outcome"],
        _hex(fields.get("actor")),
        resource.get("type"),
        _hex(resource.get("id")),
        _hex(fields.get("request")),
        _hex(fields.get("grant")),
        _hex(fields.get("decision")),
        producer,
        number,
        str(fields["retention"]),
        head,
        leaf_hash(head),
    )
    return Placed(columns, parts)


def _reopen(placed: Placed) -> Pending:
    fields = canonical.decode_map(placed.head)
    record = Record(head_fields=_without_place(fields), parts=decode_parts(placed.body))
    return Pending(record, str(fields["producer"]), int(str(fields["number"])))


async def _next_number(connection: AsyncConnection, producer: str) -> int:
    last = sa.select(sa.func.max(entry.c.number)).where(entry.c.producer == producer)
    found = await connection.scalar(last)
    return 0 if found is None else int(found) + 1


async def _load_identities(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, Identity]:
    known: dict[UUID, Identity] = {}
    for start in range(0, len(ids), _ASK_AT_ONCE):
        chosen = sa.select(entry.c.id, entry.c.head).where(entry.c.id.in_(ids[start : start + _ASK_AT_ONCE]))
        for event_id, head in await connection.execute(chosen):
            fields = canonical.decode_map(bytes(head))
            known[event_id] = (_without_place(fields), fields.get("body"))
    return known


def _identity(record: Record) -> Identity:
    return (dict(record.head_fields), body_digest(record.parts))


def _without_place(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name not in PLACED}


def _with_own_id(record: Record) -> Record:
    fields = record.head_fields
    flags = fields.get("flags")
    flags = [*(flags if isinstance(flags, list) else []), f"duplicate_id:{fields['id']}"]
    own = replace(record, head_fields={**fields, "id": str(uuid7())})
    try:
        return Record.from_dict({**own.to_dict(), "head": {**own.head_fields, "flags": flags}})
    except RecordError:
        return own  # a head without room for the flag still deserves its entry


def _hex(value: object) -> str | None:
    return None if value is None else str(value).replace("-", "")
