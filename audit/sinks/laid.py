"""Entries laid out as documents: the whole one, or the original alone where the bytes are no head."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from audit.ecs import read_fields
from audit.errors import HeadError
from audit.formats import ECS, Format
from audit.sinks.port import Shipment


@dataclass(frozen=True, slots=True)
class Laid:
    """An entry and its document; ``apart`` when the document holds the original only."""

    entry: Shipment
    document: dict[str, Any]
    apart: bool = False

    @property
    def fields(self) -> Mapping[str, Any]:
        """The fields of the entry's head; none when its bytes are no head."""
        return {} if self.apart else read_fields(self.entry.head)

    def to_json(self) -> bytes:
        """Return the document as one line of JSON, without the line's end."""
        return orjson.dumps(self.document)


def lay_out(entries: Sequence[Shipment], *, origin: str, form: Format = ECS) -> Iterator[Laid]:
    """Yield each entry of the log ``origin`` with its document."""
    for entry in entries:
        try:
            yield Laid(entry, _write(entry, origin, form))
        except HeadError:
            yield Laid(
                entry, form.original_only(entry.index, entry.head, entry.leaf, origin=origin), apart=True
            )


def _write(entry: Shipment, origin: str, form: Format) -> dict[str, object]:
    return form.document(entry.index, entry.head, entry.leaf, origin=origin, told=entry.told)


def apart_of(laid: Sequence[Laid]) -> tuple[int, ...]:
    """Return the indexes of the entries laid out with their original only."""
    return tuple(one.entry.index for one in laid if one.apart)
