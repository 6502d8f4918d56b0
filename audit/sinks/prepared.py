"""Entries as the lines of ``_bulk``, made once and cut into requests bounded by number and by bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from audit import ecs
from audit.errors import HeadError
from audit.sinks.layout import Layout
from audit.sinks.mapping import document_id
from audit.sinks.port import Shipment

MAX_BATCH: Final = 1_000
MAX_BYTES: Final = 900_000
"""A request of more than 1 MiB would hold up the loop while it is handed to the socket."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry, its document's id, and its two lines; no lines when its bytes are no head."""

    entry: Shipment
    id: str
    lines: bytes | None


def prepare(entry: Shipment, *, origin: str, layout: Layout) -> Prepared:
    """Return ``entry`` as it is sent."""
    identity = document_id(origin, entry.index)
    try:
        document = ecs.document(entry.index, entry.head, entry.leaf, origin=origin, told=entry.told)
    except HeadError:
        return Prepared(entry, identity, None)
    return Prepared(entry, identity, create_lines(layout.place(entry.index), identity, document))


def rewrite_lines(place: str, identity: str, seen: tuple[int, int], document: dict[str, object]) -> bytes:
    """Return the two lines that put ``document`` in the place of the one that was seen, and of no other."""
    number, term = seen
    act = {"_index": place, "_id": identity, "if_seq_no": number, "if_primary_term": term}
    return orjson.dumps({"index": act}, option=orjson.OPT_APPEND_NEWLINE) + orjson.dumps(document)


def create_lines(index: str, identity: str, document: dict[str, object]) -> bytes:
    """Return the two lines that create ``document``."""
    action = orjson.dumps({"create": {"_index": index, "_id": identity}}, option=orjson.OPT_APPEND_NEWLINE)
    return action + orjson.dumps(document)


def cut(
    entries: Sequence[Shipment], *, origin: str, layout: Layout, limit: int = MAX_BATCH, size: int = MAX_BYTES
) -> Iterator[list[Prepared]]:
    """Yield ``entries`` in order, in requests of at most ``limit`` entries and ``size`` bytes."""
    chosen: list[Prepared] = []
    room = size
    for entry in entries:
        prepared = prepare(entry, origin=origin, layout=layout)
        weight = len(prepared.lines or b"") + 1
        if chosen and (weight > room or len(chosen) == limit):
            yield chosen
            chosen, room = [], size
        chosen.append(prepared)
        room -= weight
    if chosen:
        yield chosen
